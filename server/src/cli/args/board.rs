use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::Signing;

/// Which service, and how it knows us.
#[derive(Args, Clone)]
pub(crate) struct ServiceArgs {
    /// Where the service is
    #[arg(long, value_name = "URL", default_value = "http://localhost:8080")]
    pub(crate) url: String,
    /// Trust the authorities in this file (PEM) instead of this machine's, where the address begins with https
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) signing: Signing,
}

#[derive(Args)]
#[command(after_help = BOARD_HELP)]
pub(crate) struct BoardArgs {
    #[command(subcommand)]
    pub(crate) what: BoardCommand,
}

#[derive(Subcommand)]
pub(crate) enum BoardCommand {
    /// All boards, with how many players are on each
    List(ListArgs),
    /// A board's rules, its first players, and how far its ranks have come
    Show(OneArgs),
    /// Compare its ranks with its log; the exit code is 1 if anything is different
    Verify(OneArgs),
    /// Have its ranks built anew from its log
    Rebuild(OneArgs),
    /// Write all who stand on it to standard output
    Export(ExportArgs),
}

#[derive(Args)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) service: ServiceArgs,
    /// For programs: a line of JSON each
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct OneArgs {
    /// Its name
    #[arg(value_name = "BOARD")]
    pub(crate) board: String,
    #[command(flatten)]
    pub(crate) service: ServiceArgs,
}

#[derive(Args)]
pub(crate) struct ExportArgs {
    /// Its name
    #[arg(value_name = "BOARD")]
    pub(crate) board: String,
    #[command(flatten)]
    pub(crate) service: ServiceArgs,
    /// How to write it
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "csv")]
    pub(crate) format: ExportFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// Lines with commas, behind one that names the columns
    Csv,
    /// A JSON object a line
    Ndjson,
}

const BOARD_HELP: &str = "\
Asks a running service, which goes on serving meanwhile. Requests are signed for an operator, by default with \
the node's own key out of its data folder; of a service with other keys name one by --secret-file or \
--private-key-file and --kid.

Examples:
  whereabouts board list
  whereabouts board show weekly --url http://localhost:8080
  whereabouts board verify weekly --data /var/lib/whereabouts
  whereabouts board export weekly > weekly.csv";
