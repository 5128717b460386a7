//! What each command does.

mod board;
mod check_config;
mod columns;
mod demo;
mod dump_config;
mod export;
mod import;
mod migrate;
mod serve;
mod shard_map;
mod simulate;
mod table;
mod token;

use std::process::ExitCode;
use std::sync::Arc;

use api::Signer;
use model::{Clock, Faults, Role, SystemClock, UserId};
use simulation::{Observer, Plan, Summary, Tokens};
use tokio::signal::unix::{Signal, SignalKind, signal};

pub(crate) use board::board;
pub(crate) use check_config::check_config;
pub(crate) use demo::demo;
pub(crate) use dump_config::dump_config;
pub(crate) use export::export;
pub(crate) use import::import;
pub(crate) use migrate::migrate;
pub(crate) use serve::serve;
pub(crate) use shard_map::shard_map;
pub(crate) use simulate::simulate;
pub(crate) use token::{signer, token};

use crate::cli::args::Sources;
use crate::cli::say;
use crate::config::Config;
use crate::config::reading::Read;
use crate::node;

/// How a command ended, or in words why it couldn't.
type Done = Result<ExitCode, String>;

/// How long the tokens of simulated people hold, seconds.
const SIMULATED_TOKEN_TTL_S: u32 = 24 * 60 * 60;

/// The settings of a file, the environment and the command line, whose flags have the last word.
fn config(sources: &Sources) -> Result<Config, String> {
    read(sources).checked().map_err(|faults| told(&faults))
}

fn read(sources: &Sources) -> Read {
    let mut read = Read::new(sources.config.as_deref(), std::env::vars_os());
    sources.apply(&mut read.config);
    read
}

impl Read {
    /// The settings, if all that is said of them works; else all that can be told without reaching anybody.
    fn checked_with_files(self) -> Result<Config, Faults> {
        let config = self.config.clone();
        self.checked().map_err(|mut faults| {
            let of_files = node::files_of(&config).err().into_iter().flatten();
            let told: Vec<_> = faults.iter().map(ToString::to_string).collect();
            let news: Vec<_> = of_files.filter(|it| !told.contains(&it.to_string())).collect();
            faults.extend(news);
            faults
        })
    }
}

/// All that is wrong with settings, as an error.
fn told(faults: &Faults) -> String {
    let all: Vec<_> = faults.iter().map(ToString::to_string).collect();
    match all.as_slice() {
        [one] => one.clone(),
        all => format!("{} things are wrong with the settings:\n  {}", all.len(), all.join("\n  ")),
    }
}

impl Sources {
    /// The command line has the last word.
    fn apply(&self, config: &mut Config) {
        if let Some(dir) = &self.data {
            config.data.dir.clone_from(dir);
        }
    }
}

/// Signs for simulated people.
struct SignedTokens {
    signer: Signer,
    clock: SystemClock,
    service: UserId,
}

impl SignedTokens {
    fn sign(&self, user: &UserId, role: Role) -> String {
        self.signer.sign(user, role, self.clock.now().wall, SIMULATED_TOKEN_TTL_S)
    }
}

impl Tokens for SignedTokens {
    fn user(&self, user: &UserId) -> String {
        self.sign(user, Role::User)
    }

    fn service(&self) -> String {
        self.sign(&self.service, Role::Service)
    }
}

/// Ctrl-C and SIGTERM. From the moment this is made they no longer end the process by themselves.
struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignals {
    fn listen() -> Result<Self, String> {
        let listen = |kind| signal(kind).map_err(|e| format!("can't listen for signals: {e}"));
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    /// Completes with the next of them.
    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Lets simulated people move until they are through with it, or the first Ctrl-C or SIGTERM.
async fn simulated(
    plan: Plan,
    signer: Signer,
    observer: Arc<dyn Observer>,
) -> Result<Summary, String> {
    let service = UserId::parse("simulation").expect("a valid id");
    let tokens = Arc::new(SignedTokens { signer, clock: SystemClock::start(), service });
    let stop = async {
        // Without signals it can still be killed.
        if let Ok(mut stop) = StopSignals::listen() {
            stop.next().await;
        }
    };
    simulation::run(plan, tokens, observer, stop).await.map_err(|e| e.to_string())
}

/// Prints a summary, which says how the command ended.
fn report(summary: &Summary, json: bool) -> Done {
    if json {
        say!("{}", serde_json::to_string(summary).map_err(|e| e.to_string())?);
    } else {
        say!("{summary}");
    }
    Ok(if summary.ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
