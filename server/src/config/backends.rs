use serde::{Deserialize, Serialize};

/// Where state is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Backends {
    /// Live positions, and the bus that carries them between gateways.
    pub live: LiveBackend,
    /// Users, friendships, blocks, settings.
    pub directory: StoreBackend,
    /// Businesses and where they are.
    pub businesses: StoreBackend,
    /// Boards, and the log of scores.
    pub leaderboards: StoreBackend,
    /// Who stands where on boards.
    pub standings: StandingsBackend,
    /// Movement history.
    pub history: HistoryBackend,
    /// Where points of movement history wait until they are stored.
    pub history_log: HistoryLog,
}

/// Where live positions are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LiveBackend {
    /// In the memory of this process.
    #[default]
    Embedded,
    /// On the Redis servers of `[redis]`.
    Redis,
}

/// Where standings are, which are derived from the log of scores.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StandingsBackend {
    /// In the memory of each process.
    #[default]
    Embedded,
    /// On the Redis servers of `[redis]`.
    Redis,
}

/// Where movement history is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HistoryBackend {
    /// In files of the data folder.
    #[default]
    Embedded,
    /// Chunks in Cassandra or `ScyllaDB` (`[cassandra]`), what must outlive them in `PostgreSQL` (`[postgres.history]`), and
    /// what isn't stored yet in files of the data folder.
    Cassandra,
}

/// Where points of movement history wait until they are stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HistoryLog {
    /// In files of the data folder, which must survive a restart.
    #[default]
    Disk,
    /// In streams on the Redis servers of `[history.streams]`.
    Redis,
}

/// Which Redis servers hold standings, where `backends.standings` says that Redis does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Standings {
    /// The names of some of `redis.shards`, over which players are dealt by weight; empty: all of them, by the shard map.
    pub redis_shards: Vec<String>,
}

/// Where a part keeps its tables, or its log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StoreBackend {
    /// In files of the data folder.
    #[default]
    Embedded,
    /// In the databases of the part's section of `[postgres]`.
    Postgres,
}

/// The databases of each part that has one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Postgres {
    /// Where `backends.directory` says so.
    pub directory: directory::postgres::Config,
    /// Where `backends.businesses` says so.
    pub businesses: proximity::postgres::Config,
    /// Where `backends.leaderboards` says so.
    pub leaderboards: leaderboard::postgres::Config,
    /// Where `backends.history` is on servers: keys, erasures, choices.
    pub history: history_writer::postgres::Config,
}

impl Backends {
    /// Whether several processes can work with the same live positions and directory.
    pub fn are_shared(self) -> bool {
        self.live != LiveBackend::Embedded && self.directory != StoreBackend::Embedded
    }
}
