//! The parts of the service as the node sees them. All that it knows of one stands in that part's file, and the rest of the
//! server goes through the list.

mod businesses;
mod directory;
mod history;
mod leaderboard;
mod live;

use std::sync::Arc;

use ::leaderboard::redis::ServerConfig;
use api::export::Piece;
use api::metrics::Metric;
use api::problems::Meaning;
use api::{Context, Verifier};
use futures_util::future::BoxFuture;
use model::{Clock, ErrorChain, Faults, Random};
use proximity::postgres::Migrated;
use proximity::{Proximity, StoreError, StoreErrorKind};
use utoipa_axum::router::OpenApiRouter;

use crate::config::{Config, StoreBackend};
use crate::readiness::Readiness;
pub(crate) use businesses::{Businesses, open_businesses};
use directory::Directory;
pub(crate) use history::MovementHistory;
pub(crate) use leaderboard::Leaderboards;
pub(crate) use live::Live;

/// Every part, in the order in which they are opened: each may use what those before it have opened.
pub(crate) const ALL: [&dyn Part; 5] =
    [&Directory, &Leaderboards, &MovementHistory, &Live, &Businesses];

/// Files of an embedded store: its file and its log for each of five connections, what they share, and one that is made anew.
const EMBEDDED_FILES: u64 = 16;
/// Connections to a database besides those of a setting: one that hears or looks, and one that takes its place.
const DATABASE_FILES: u64 = 2;
const SCHEMA_FITS: &str = "answers, with the schema that is needed";

/// What the node asks of a part. Errors say in words what is wrong and what to do about it.
pub(crate) trait Part: Sync {
    /// What logs call it.
    fn name(&self) -> &'static str;

    /// Whether a process with these settings serves it.
    fn is_served(&self, config: &Config) -> bool;

    /// Whether such a process keeps something of it in its data folder.
    fn needs_data_dir(&self, config: &Config) -> bool;

    /// Says which of its settings can't work, and what would. Nothing is reached.
    fn validate(&self, config: &Config) -> Result<(), Faults>;

    /// The most files and connections to servers that it has open at a time.
    fn files_max(&self, config: &Config) -> u64;

    /// The tables of its metrics.
    fn metrics(&self) -> &'static [&'static [Metric]];

    /// What the words of its problems mean.
    fn problems(&self) -> &'static [Meaning];

    /// Where users live, in words, if that is in several places; the files that tell it are read.
    fn placement(&self, _config: &Config) -> Option<Result<String, String>> {
        None
    }

    /// What of it can be looked at without reaching any server, each with how it is or what to do about it.
    fn own_checks(&self, _config: &Config) -> Vec<OwnCheck> {
        Vec::new()
    }

    /// What is wrong with what it keeps in the data folder, all of it. Nothing is changed there: a service may be at work.
    fn check_data(&self, _config: &Config) -> Result<(), Faults> {
        Ok(())
    }

    /// Every server that it uses, with a future that reaches it.
    fn servers(&self, config: &Config) -> Vec<Server>;

    /// Brings the schema in its database up to date; answers in words what was done, if it has one.
    fn migrate<'a>(&self, _config: &'a Config) -> Doing<'a, Option<String>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// Opens it, which reaches every server.
    fn open<'a>(&self, deps: &'a Deps<'_>, opened: &'a mut Opened) -> Doing<'a, ()>;
}

/// What was looked at, and how it is, or what to do about it.
pub(crate) type OwnCheck = (&'static str, Result<String, String>);

/// A check for each fault of a section of the settings.
fn faults_of(section: &'static str, checked: Result<(), Faults>) -> Vec<OwnCheck> {
    let mut faults = Faults::default();
    faults.check_section(section, checked);
    faults.iter().map(|fault| (section, Err(fault.to_string()))).collect()
}

/// What the files of these Redis servers lack.
fn redis_files(servers: &[ServerConfig]) -> Vec<OwnCheck> {
    let faults = servers.iter().filter_map(|server| server.check_files().err());
    faults.map(|why| ("redis", Err(why))).collect()
}

/// What a part does with I/O; a failure says what to do about it.
pub(crate) type Doing<'a, T> = BoxFuture<'a, Result<T, String>>;

/// What parts are opened with.
pub(crate) struct Deps<'a> {
    pub(crate) config: &'a Config,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) context: Context,
}

/// What the parts have given the node, and one another.
#[derive(Default)]
pub(crate) struct Opened {
    pub(crate) routers: Vec<OpenApiRouter>,
    /// To be called once the node listens.
    pub(crate) watches: Vec<Watch>,
    /// What is to end before the node stops to listen.
    pub(crate) drains: Vec<BoxFuture<'static, ()>>,
    /// What is to end once nobody can ask for anything any more.
    pub(crate) closes: Vec<BoxFuture<'static, ()>>,
    pub(crate) directory: Option<::directory::Directory>,
    pub(crate) businesses: Option<Proximity>,
    /// What each part gives a person of all that is held about them.
    pub(crate) pieces: Vec<Arc<dyn Piece>>,
    /// For fixes that are to be kept.
    pub(crate) kept_fixes: Option<Arc<dyn ws_gateway::History>>,
    /// For whoever watches boards over a socket.
    pub(crate) watched_boards: Option<Arc<dyn ws_gateway::Boards>>,
}

/// Begins to look after a part.
pub(crate) type Watch = Box<dyn FnOnce(&Readiness) + Send>;

/// A server, to be checked.
pub(crate) struct Server {
    pub(crate) name: String,
    /// Answers how it is, or what to do about it.
    pub(crate) reached: Doing<'static, String>,
}

impl Server {
    fn new(
        name: impl Into<String>,
        reached: impl Future<Output = Result<String, String>> + Send + 'static,
    ) -> Self {
        Self { name: name.into(), reached: Box::pin(reached) }
    }
}

impl Config {
    /// Says which values of a part can't work, and what would.
    pub(crate) fn validate_parts(&self) -> Result<(), Faults> {
        let mut faults = Faults::default();
        for part in ALL {
            faults.check_all(part.validate(self));
        }
        faults.result()
    }

    /// Whether anything is kept in the data folder: an embedded store, or the node's own key.
    pub fn needs_data_dir(&self) -> bool {
        self.has_own_key() || served(self).any(|part| part.needs_data_dir(self))
    }
}

/// The parts that a process with these settings serves.
pub(crate) fn served(config: &Config) -> impl Iterator<Item = &'static dyn Part> {
    ALL.into_iter().filter(|part| part.is_served(config))
}

/// Whether a process with these settings serves what is of users.
pub(crate) fn knows_users(config: &Config) -> bool {
    Directory.is_served(config)
}

/// Migrates the database of a part, unless its tables are in a file; answers in words what was done.
async fn migrate(
    part: &str,
    backend: StoreBackend,
    migrated: impl Future<Output = Result<Migrated, String>>,
) -> Result<Option<String>, String> {
    if backend == StoreBackend::Embedded {
        return Ok(Some(format!(
            "{part}: nothing to do, what is embedded (backends.{part}) brings itself up to date when it is opened."
        )));
    }
    let Migrated { from, to } = migrated.await?;
    Ok(Some(if from == to {
        format!("{part}: nothing to do, the schema is {to}.")
    } else {
        format!("{part}: the schema was {from} and now is {to}.")
    }))
}

/// Says what to do about the database of a section of the settings that can't be used.
fn unusable_database(section: &'static str) -> impl FnOnce(StoreError) -> String {
    move |error| {
        let why = ErrorChain(&error);
        match error.kind() {
            StoreErrorKind::NewerVersion => {
                format!("{section}: {why}. Start that version.")
            }
            StoreErrorKind::Unusable => {
                format!("{why}. The server is the one that [{section}] names in the settings.")
            }
            StoreErrorKind::Unavailable | StoreErrorKind::Internal => format!("{section}: {why}"),
        }
    }
}

/// Says what to do about a file of a part that can't be opened.
fn unusable_file(part: &'static str) -> impl FnOnce(StoreError) -> String {
    move |error| {
        let remedy = match error.kind() {
            StoreErrorKind::NewerVersion => "Start that version",
            _ => "See that the disk has room and the file may be written to, restore a backup",
        };
        let why = ErrorChain(&error);
        format!("{part}: {why}. {remedy}, or choose another folder with --data DIR.")
    }
}
