pub(crate) mod address;
mod auth;
mod backends;
mod claims;
mod http;
mod issuer;
mod log;
pub(crate) mod reading;
mod rest;
pub(crate) mod schema;

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use model::Faults;
use serde::{Deserialize, Serialize};

pub(crate) use auth::{Auth, Key};
pub use backends::{Backends, LiveBackend, Postgres, Standings, StandingsBackend, StoreBackend};
pub(crate) use backends::{HistoryBackend, HistoryLog};
pub use http::ClientHeader;
pub(crate) use http::{Http, Operations, TlsFiles};
pub(crate) use issuer::ForeignIssuer;
pub(crate) use log::{Log, LogFormat};
use reading::Read;
use rest::Rest;

/// Everything that can be set, each part's own section as the part defines it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What this process does; empty: everything.
    pub roles: Vec<NodeRole>,
    /// Where and how to listen.
    pub http: Http,
    /// Where operators ask how the process does.
    pub operations: Operations,
    /// Where state is kept.
    pub backends: Backends,
    /// Where the embedded state lives.
    pub data: Data,
    /// Whose tokens are believed.
    pub auth: Auth,
    /// How requests over REST are limited.
    pub rest: Rest,
    /// Limits of users and friendships.
    pub directory: directory::Config,
    /// Limits of businesses and of searching them, and what of them is kept in memory.
    pub proximity: proximity::Config,
    /// Which events of leaderboards are told apart, and for how long.
    pub leaderboard: leaderboard::Config,
    /// Which Redis servers hold who stands where.
    pub standings: Standings,
    /// Movement history: whether it is kept, and within which limits.
    pub history: history_writer::Config,
    /// Sessions and fan-out.
    pub gateway: ws_gateway::Config,
    /// The Redis servers, where `backends.live` or `backends.standings` says so.
    pub redis: ws_gateway::live::redis::Config,
    /// The databases, where `backends` says so.
    pub postgres: Postgres,
    /// The database of movement history's chunks, where `backends.history` says so.
    pub cassandra: history_writer::cassandra::Config,
    /// What is logged.
    pub log: Log,
    /// Development mode: a page to look at, and tokens for anybody who asks; only on a loopback address.
    pub dev: bool,
}

/// What a process does in a deployment over many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum NodeRole {
    /// Sessions, fan-out of live positions, and REST.
    Gateway,
    /// Businesses, and their searches.
    Businesses,
    /// Boards and scores.
    Leaderboard,
    /// Storing what waits in the log of movement history, where that is on Redis servers.
    #[serde(rename = "history-writer")]
    HistoryWriter,
}

/// Where the embedded state lives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Data {
    /// A folder; made if missing.
    pub dir: PathBuf,
}

impl Default for Data {
    fn default() -> Self {
        Self { dir: PathBuf::from("whereabouts-data") }
    }
}

impl Config {
    /// Reads a TOML file over the defaults. Errs with all that is wrong with it.
    pub fn load(path: &Path) -> Result<Self, String> {
        Read::new(Some(path), std::iter::empty()).checked().map_err(String::from)
    }

    /// Says which values can't work, all of them, and what would.
    pub fn validate(&self) -> Result<(), Faults> {
        let mut faults = Faults::default();
        faults.unless(!self.dev || self.http.listen.ip().is_loopback(), OPEN_DEV);
        faults.unless(!self.dev || self.auth.keys.is_empty(), KEYED_DEV);
        faults.unless(!self.data.dir.as_os_str().is_empty(), "data.dir must name a folder");
        faults.check_section("http", self.http.validate());
        faults.unless(!self.operations.collides_with(self.http.listen), SAME_ADDRESS);
        faults.check_section("auth", self.auth.validate(self.gateway.message_bytes_max));
        faults.unless(!self.dev || self.auth.unprefixed().is_none(), UNPREFIXED_DEV);
        faults.check_section("rest", self.rest.validate());
        faults.check_all(self.validate_parts());
        faults.unless(self.roles.is_empty() || self.auth.has_configured_keys(), KEYLESS_ROLES);
        if let Err(why) = self.log.parsed_filter() {
            faults.add_of("log", why);
        }
        faults.result()
    }

    /// Whether the node makes a key of its own to sign with: not beside configured ones, nor where other processes have the
    /// same roles, which would refuse its tokens.
    pub(crate) fn has_own_key(&self) -> bool {
        self.auth.keys.is_empty() && self.roles.is_empty()
    }
}

const SAME_ADDRESS: &str = "operations.listen must be another address or port than http.listen";
const OPEN_DEV: &str = "dev gives tokens to anybody: http.listen must then be a loopback address, such as 127.0.0.1:8080";
const KEYED_DEV: &str =
    "dev gives tokens, which the page signs with the node's own key: auth.keys must then be empty";

const UNPREFIXED_DEV: &str =
    "dev gives tokens to anybody, for any user: each of auth.issuers must then have a prefix";

const KEYLESS_ROLES: &str = "a role is given (--role, roles), but auth.keys is empty: every process would make a key of \
its own, and refuse the tokens of the others. Set auth.keys to the keys of your issuer, the same everywhere.";

#[cfg(test)]
mod tests;
