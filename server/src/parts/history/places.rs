//! Where chunks are, and what must outlive them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use history_writer::cassandra::{self, CassandraStore};
use history_writer::postgres::{self, PostgresRegister};
use history_writer::{
    EmbeddedRegister, EmbeddedStore, IDLE_CONNECTIONS_MAX, LogId, LogMarks, PEERS_ASKED_MAX,
    PeerAddress, Register, Store, WAITING_PATH,
};
use model::{Faults, SystemClock};

use super::super::{
    DATABASE_FILES, EMBEDDED_FILES, OwnCheck, SCHEMA_FITS, Server, faults_of, unusable_database,
    unusable_file,
};
use super::NAME;
use crate::config::{Config, HistoryBackend, HistoryLog, TlsFiles};
use crate::keys::OwnKey;

/// What `check-config` calls the databases.
const CHUNKS: &str = "cassandra";
pub(super) const REGISTER: &str = "postgres.history";
/// Where in the data folder it says which log lies there.
const LOG_ID_FILE: &str = "history-log.id";
/// Connections to the database of the register that write.
const WRITING_FILES: u64 = 4;
/// Nodes of a database that are expected at most: more are asked as well, by as many more open files.
const NODES_EXPECTED: u64 = 64;

/// The longest time after which Cassandra lets rows expire: twenty years.
const RETENTION_DAYS_MAX: u32 = 7_300;

const OWN_KEY: &str = "movement history is on servers (backends.history), but history.key_files is empty: each gateway would \
make a key of its own, which the others don't have. Make one for all, as ops/history.md says, and name its file.";

/// What movement history is kept in.
pub(super) struct Places {
    pub(super) store: Arc<dyn Store>,
    pub(super) register: Arc<dyn Register>,
    /// How far the logs of all processes are, where there may be several.
    pub(super) marks: Option<Arc<dyn LogMarks>>,
}

impl Places {
    /// Opens them, wherever the settings say that they are. The data folder must exist.
    pub(super) async fn open(config: &Config) -> Result<Self, String> {
        let folder = &config.data.dir;
        match config.backends.history {
            HistoryBackend::Embedded => {
                let register = EmbeddedRegister::open(folder).await.map_err(unusable_file(NAME))?;
                let store = EmbeddedStore::open(folder).await.map_err(unusable_file(NAME))?;
                let (store, register) = (Arc::new(store), Arc::new(register));
                Ok(Self { store, register, marks: None })
            }
            HistoryBackend::Cassandra => {
                let register = PostgresRegister::connect(&config.postgres.history).await;
                let register = Arc::new(register.map_err(unusable_database(REGISTER))?);
                let store = CassandraStore::connect(&config.cassandra, retention(config)).await;
                let store = Arc::new(store.map_err(unusable_database(CHUNKS))?);
                let marks: Option<Arc<dyn LogMarks>> = Some(register.clone());
                Ok(Self { store, register, marks })
            }
        }
    }
}

/// Names the log in a folder, which it keeps for good: others wait for what is in it.
pub(super) fn log_id(folder: &Path) -> Result<LogId, String> {
    let file = log_id_file(folder);
    let bytes = match file.read()? {
        Some(bytes) => bytes,
        None => file.make()?,
    };
    let bytes = bytes.try_into().map_err(|_| format!("{} is damaged", file.path.display()))?;
    Ok(LogId(u128::from_be_bytes(bytes)))
}

fn log_id_file(folder: &Path) -> OwnKey {
    OwnKey {
        path: folder.join(LOG_ID_FILE),
        bytes: size_of::<u128>(),
        remedy: "Remove it to have a new one made; what was in the log and isn't stored then counts as lost after a day.",
    }
}

/// What of the files that the settings name can't be used.
pub(super) fn check_files(config: &Config) -> Vec<OwnCheck> {
    if !is_on_servers(config) {
        return Vec::new();
    }
    let mut faults = faults_of(CHUNKS, config.cassandra.check_files());
    faults.extend(faults_of(REGISTER, config.postgres.history.check_files()));
    faults
}

/// What of the data folder can't be opened.
pub(super) fn check_data(config: &Config) -> Result<(), Faults> {
    let (mut faults, folder) = (Faults::default(), &config.data.dir);
    if is_on_servers(config) {
        if config.backends.history_log == HistoryLog::Disk {
            faults.check(log_id_file(folder).read());
        }
    } else {
        faults.check(EmbeddedRegister::check(folder).map_err(unusable_file(NAME)));
        faults.check(EmbeddedStore::check(folder).map_err(unusable_file(NAME)));
    }
    faults.result()
}

/// Where other gateways ask this one what waits in its log: as the settings say, else where it listens, if that is one address.
pub(super) fn own_address(config: &Config) -> Option<PeerAddress> {
    let listen = config.http.listen;
    let is_one = !listen.ip().is_unspecified() && listen.port() != 0;
    let listens = is_one.then(|| PeerAddress::parse(&listen.to_string()).ok()).flatten();
    config.history.advertised().ok().flatten().or(listens)
}

/// Whether other gateways can ask this one.
pub(super) fn check_address(config: &Config) -> Option<Result<String, String>> {
    let checked = match own_address(config) {
        Some(address)
            if config.history.advertise.is_none() && config.http.listen.ip().is_loopback() =>
        {
            format!(
                "asked at http://{address}, from this machine only: history.advertise names another address"
            )
        }
        Some(address) => format!("asked at http://{address}{WAITING_PATH}"),
        None => format!(
            "this gateway can't be asked what waits in its log, which others' tracks lack for up to {} minutes: set \
             history.advertise to where they reach it, such as \"10.0.0.5:{}\"",
            config.history.chunk_age_ms.div_ceil(60_000),
            config.http.listen.port(),
        ),
    };
    is_on_servers(config).then_some(Ok(checked))
}

fn is_on_servers(config: &Config) -> bool {
    config.backends.history == HistoryBackend::Cassandra
}

/// For how long chunks are kept; `None`: for ever.
fn retention(config: &Config) -> Option<Duration> {
    let days = u64::from(config.history.retention_days);
    (days > 0).then(|| Duration::from_hours(24 * days))
}

const ASKED_PLAINLY: &str = "gateways ask each other for movement history by plain HTTP (what they say is sealed), but http.listen \
wants TLS or the PROXY protocol (http.tls, http.proxy_protocol): set history.advertise to an address that leads there without, or \
backends.history_log to \"redis\", or have the proxy end TLS";

pub(super) fn validate(config: &Config) -> Result<(), Faults> {
    if !is_on_servers(config) || !config.history.enabled {
        return Ok(());
    }
    let mut faults = Faults::default();
    let is_plain = !config.http.proxy_protocol && config.http.tls == TlsFiles::default();
    let is_asked =
        config.backends.history_log == HistoryLog::Disk && config.history.advertise.is_none();
    faults.unless(is_plain || !is_asked, ASKED_PLAINLY);
    faults.check_section(CHUNKS, config.cassandra.validate());
    faults.check_section(REGISTER, config.postgres.history.validate());
    faults.unless(
        config.history.retention_days <= RETENTION_DAYS_MAX,
        format!("history.retention_days must be at most {RETENTION_DAYS_MAX} in Cassandra"),
    );
    faults.unless(!config.history.key_files.is_empty(), OWN_KEY);
    faults.result()
}

pub(super) fn files_max(config: &Config) -> u64 {
    if !is_on_servers(config) {
        return 2 * EMBEDDED_FILES;
    }
    let to_nodes = NODES_EXPECTED * u64::from(config.cassandra.connections_per_node);
    let reading = u64::from(config.postgres.history.readers_max);
    let to_peers = (PEERS_ASKED_MAX * IDLE_CONNECTIONS_MAX) as u64;
    to_nodes + to_peers + reading + WRITING_FILES + DATABASE_FILES
}

pub(super) fn servers(config: &Config) -> Vec<Server> {
    if !is_on_servers(config) {
        return Vec::new();
    }
    let (chunks, register) = (config.cassandra.clone(), config.postgres.history.clone());
    let retention = retention(config);
    let chunks = Server::new(CHUNKS, async move {
        let checked = cassandra::check(&chunks, retention, &SystemClock::start()).await;
        checked.map_err(unusable_database(CHUNKS))
    });
    let register = Server::new(REGISTER, async move {
        let checked = postgres::check(&register).await;
        checked.map(|()| SCHEMA_FITS.to_owned()).map_err(unusable_database(REGISTER))
    });
    vec![chunks, register]
}

/// Brings the schemas up to date; answers in words what was done.
pub(super) async fn migrate(config: &Config) -> Result<Option<String>, String> {
    if !is_on_servers(config) {
        return Ok(None);
    }
    let register = postgres::migrate(&config.postgres.history).await;
    let register = register.map_err(unusable_database(REGISTER))?;
    let chunks = cassandra::migrate(&config.cassandra, retention(config)).await;
    let chunks = chunks.map_err(unusable_database(CHUNKS))?;
    let mut done = vec![format!("{NAME}:")];
    if chunks.made_keyspace {
        done.push(format!("the keyspace {} was made;", config.cassandra.keyspace));
    }
    if chunks.changed_retention {
        done.push("chunks are kept for another time from now on;".to_owned());
    }
    done.push(format!("{CHUNKS} had schema {} and has {};", chunks.from, chunks.to));
    done.push(format!("{REGISTER} had {} and has {}.", register.from, register.to));
    Ok(Some(done.join(" ")))
}
