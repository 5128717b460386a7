//! Where points wait until they are stored.

use std::sync::Arc;

use history_writer::embedded::EmbeddedLog;
use history_writer::streams::{self, Leases, ReadingDeps, StreamsLog};
use history_writer::{HttpPeers, Log, LogError, LogId, LogMarks, OwnedLogs, SharedLogs};
use model::Faults;

use super::super::{Deps, OwnCheck, Server, redis_files};
use super::{NAME, places};
use crate::config::{Config, HistoryBackend, HistoryLog, NodeRole};

/// Of the log in files: the segment that is written, the one after it, one that is read, the mark, their folder, and one to
/// spare.
const LOG_FILES: u64 = 6;
/// Connections to a server with streams: to append, to read, and those that take their places.
const SERVER_FILES: u64 = 4;
/// What `check-config` calls a server with streams.
const STREAMS: &str = "history redis";

const NEEDS_SERVERS: &str = "backends.history_log = \"redis\" needs backends.history = \"cassandra\": what several processes \
append and read must be stored where all of them find it.";
const NOTHING_TO_READ: &str = "the role history-writer stores what waits on Redis servers: it needs backends.history = \"cassandra\" \
and backends.history_log = \"redis\". A log on a gateway's disk is stored by that gateway.";

/// The log, as this process needs it.
pub(super) struct Logs {
    pub(super) log: Arc<dyn Log>,
    pub(super) owned: OwnedLogs,
    pub(super) shared: Option<SharedLogs>,
    /// To be given back at the end.
    pub(super) leases: Option<Arc<Leases>>,
    /// How many logs this process may have to read.
    pub(super) number: usize,
}

pub(super) fn are_on_servers(config: &Config) -> bool {
    config.backends.history_log == HistoryLog::Redis
}

impl Logs {
    /// Opens it, wherever the settings say that it is. The data folder must exist if it is there.
    pub(super) async fn open(
        deps: &Deps<'_>,
        marks: Option<Arc<dyn LogMarks>>,
    ) -> Result<Self, String> {
        let (config, folder) = (&deps.config.history, &deps.config.data.dir);
        if are_on_servers(deps.config) {
            return Self::open_streams(deps, marks).await.map_err(|error| unusable_streams(&error));
        }
        let id = if marks.is_some() { places::log_id(folder)? } else { LogId(0) };
        let log = EmbeddedLog::open(folder, config.log(), deps.clock.clone()).await;
        let log = Arc::new(log.map_err(|error| unusable_files(&error))?);
        let owned = OwnedLogs::only(id, log.clone());
        let shared = shared_logs(deps.config, marks, Vec::new());
        Ok(Self { log, owned, shared, leases: None, number: 1 })
    }

    async fn open_streams(
        deps: &Deps<'_>,
        marks: Option<Arc<dyn LogMarks>>,
    ) -> Result<Self, LogError> {
        let config = &deps.config.history;
        let log = StreamsLog::connect(&config.streams, &*deps.random).await?;
        let ids = log.ids();
        let number = ids.len().max(1);
        let leases = if reads(deps.config) {
            let reading = ReadingDeps {
                recent_bytes_max: config.recent_bytes_max / number,
                forget_after_ms: config.log().forget_after_ms,
                clock: deps.clock.clone(),
                random: deps.random.clone(),
            };
            Some(streams::read(&config.streams, &reading)?)
        } else {
            None
        };
        let owned = leases.as_ref().map_or_else(OwnedLogs::none, |leases| leases.owned());
        let shared = shared_logs(deps.config, marks, ids);
        Ok(Self { log: Arc::new(log), owned, shared, leases, number })
    }
}

/// The logs of all processes, where there may be several.
fn shared_logs(
    config: &Config,
    marks: Option<Arc<dyn LogMarks>>,
    on_servers: Vec<LogId>,
) -> Option<SharedLogs> {
    let (address, peers) = (places::own_address(config), Arc::new(HttpPeers::new()));
    marks.map(|marks| SharedLogs { marks, on_servers, address, peers })
}

/// Whether a process with these settings stores what waits in streams.
fn reads(config: &Config) -> bool {
    config.roles.is_empty() || config.roles.contains(&NodeRole::HistoryWriter)
}

pub(super) fn validate(config: &Config) -> Result<(), Faults> {
    let mut faults = Faults::default();
    let is_stored_on_servers = config.backends.history == HistoryBackend::Cassandra;
    if !are_on_servers(config) {
        let has_role = config.roles.contains(&NodeRole::HistoryWriter);
        faults.unless(!has_role, NOTHING_TO_READ);
        return faults.result();
    }
    faults.unless(is_stored_on_servers, NEEDS_SERVERS);
    faults.check_section("history.streams", config.history.streams.validate());
    faults.result()
}

/// What of the files that the settings name can't be used.
pub(super) fn check_files(config: &Config) -> Vec<OwnCheck> {
    if !are_on_servers(config) {
        return Vec::new();
    }
    let mut faults = redis_files(&config.history.streams.servers);
    for (what, _) in &mut faults {
        *what = STREAMS;
    }
    faults
}

/// What of the data folder can't be opened.
pub(super) fn check_data(config: &Config) -> Result<(), Faults> {
    let mut faults = Faults::default();
    if !are_on_servers(config) {
        let checked = EmbeddedLog::check(&config.data.dir);
        faults.check(checked.map_err(|error| unusable_files(&error)));
    }
    faults.result()
}

pub(super) fn files_max(config: &Config) -> u64 {
    if are_on_servers(config) {
        SERVER_FILES * config.history.streams.servers.len() as u64
    } else {
        LOG_FILES
    }
}

pub(super) fn servers(config: &Config) -> Vec<Server> {
    if !are_on_servers(config) {
        return Vec::new();
    }
    let streams = &config.history.streams;
    let server = |server: &streams::ServerConfig| {
        let (server, streams) = (server.clone(), streams.clone());
        Server::new(format!("{STREAMS} {}", server.name), async move {
            let flaws = streams::check(&server, &streams).await;
            let flaws = flaws.map_err(|error| unusable_streams(&error))?;
            if flaws.is_empty() {
                return Ok("answers, and syncs what it answers".to_owned());
            }
            Ok(format!("answers; {}", flaws.join("; ")))
        })
    };
    streams.servers.iter().map(server).collect()
}

/// Says what to do about a log in files that can't be opened.
fn unusable_files(error: &LogError) -> String {
    format!(
        "{NAME}: {error}. See that the disk has room and the files may be written to, start a newer version if that wrote \
         them, or choose another folder with --data DIR."
    )
}

/// Says what to do about servers with streams that can't be used.
fn unusable_streams(error: &LogError) -> String {
    format!(
        "{NAME}: {error}. See that it runs, and what history.streams.servers says in the settings."
    )
}
