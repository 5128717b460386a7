//! The command line.

pub(crate) mod args;
mod command;
mod help;
mod service;

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};

use args::{
    BoardArgs, CheckConfigArgs, DemoArgs, DumpConfigArgs, ExportWhatArgs, ImportArgs, MigrateArgs,
    ServeArgs, ShardMapArgs, SimulateArgs, TokenArgs,
};

/// The exit code of a command line that can't be understood (`EX_USAGE` of sysexits.h).
const EXIT_USAGE: u8 = 64;

/// Live positions of friends, over WebSockets and REST.
#[derive(Parser)]
#[command(name = "whereabouts", version, about, long_about = LONG_ABOUT, max_term_width = help::COLUMNS_MAX)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const LONG_ABOUT: &str = "\
Live positions of friends, over WebSockets and REST.

One binary, nothing else to install: users and friendships live in a data folder, positions in memory.

  whereabouts demo
      sixty people move through a city, and see each other
  whereabouts serve --dev
      the service alone, with a page at http://localhost:8080/
  whereabouts token --user alice
      a token with which alice can connect

Or over many gateways, with users and friendships in PostgreSQL and positions on Redis servers:

  whereabouts check-config --config gateway.toml
      whether it would work
  whereabouts migrate --config gateway.toml
      makes the tables
  whereabouts serve --role gateway --config gateway.toml
      one of the gateways

Settings come from a file (--config) and, over it, from variables of the environment: WHEREABOUTS__, then the name in \
capitals, with two underscores for each dot. http.listen is WHEREABOUTS__HTTP__LISTEN. Flags have the last word.";

#[derive(Subcommand)]
enum Command {
    /// Start the service and sixty people who move through a city
    Demo(DemoArgs),
    /// Start the service
    Serve(ServeArgs),
    /// Bring in data of other origins: businesses, or scores and tracks of a running service
    Import(ImportArgs),
    /// Write what a running service keeps: tracks, and points as Parquet
    Export(ExportWhatArgs),
    /// Look after the leaderboards of a running service
    Board(BoardArgs),
    /// Make a token for a user
    Token(TokenArgs),
    /// Drive simulated people against a service, and judge what they see
    Simulate(SimulateArgs),
    /// Say what is wrong with settings and servers, without starting anything
    CheckConfig(CheckConfigArgs),
    /// Print the settings in force, without secrets
    DumpConfig(DumpConfigArgs),
    /// Bring the database's schema up to date
    Migrate(MigrateArgs),
    /// Which Redis server holds which users, and what a change would move
    ShardMap(ShardMapArgs),
}

/// Prints a line. Whoever has hung up (`| head`) wants to read no more, which is no reason to panic as `println!` does.
macro_rules! say {
    ($($words:tt)*) => {
        $crate::cli::print_line(std::io::stdout(), format_args!($($words)*))
    };
}

/// The same on standard error: a service must go on, and away in order, when nobody reads its log any more.
macro_rules! say_error {
    ($($words:tt)*) => {
        $crate::cli::print_line(std::io::stderr(), format_args!($($words)*))
    };
}
pub(crate) use {say, say_error};

pub(crate) fn print_line(mut to: impl Write, words: std::fmt::Arguments<'_>) {
    let _ = writeln!(to, "{words}");
}

/// Reads the command line and does what it says.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version come this way too; they go to standard output and are no error.
            help::print(&error);
            return if error.use_stderr() { ExitCode::from(EXIT_USAGE) } else { ExitCode::SUCCESS };
        }
    };
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            say_error!("whereabouts: can't start threads: {error}");
            return ExitCode::FAILURE;
        }
    };
    let done = runtime.block_on(async {
        match cli.command {
            Command::Demo(args) => command::demo(args).await,
            Command::Serve(args) => command::serve(args).await,
            Command::Import(args) => command::import(args).await,
            Command::Export(args) => command::export(args).await,
            Command::Board(args) => command::board(args).await,
            Command::Token(args) => command::token(&args),
            Command::Simulate(args) => command::simulate(args).await,
            Command::CheckConfig(args) => command::check_config(&args).await,
            Command::DumpConfig(args) => command::dump_config(&args),
            Command::Migrate(args) => command::migrate(&args).await,
            Command::ShardMap(args) => command::shard_map(&args),
        }
    });
    // Whatever still runs after a drain has had its time.
    runtime.shutdown_timeout(Duration::from_millis(500));
    done.unwrap_or_else(|error| {
        say_error!("whereabouts: {error}");
        ExitCode::FAILURE
    })
}

#[cfg(test)]
mod tests;
