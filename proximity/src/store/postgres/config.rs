use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use model::Faults;
use serde::{Deserialize, Serialize};
use sql::StoreError;
use sql::postgres::{CONNECTIONS, Login, Server, TIMEOUT_MS, Times, Url};

/// What `catch_up_ms` may be.
const CATCH_UP_MS: RangeInclusive<u64> = 0..=10_000;
/// The most replicas: each is asked by every process several times a second how it is.
const REPLICAS_MAX: usize = 64;

/// What each connection is set to beside what all parts set.
const SETTINGS: [(&str, &str); 3] = [
    // Each statement is short; planning it every time would take longer.
    ("plan_cache_mode", "force_generic_plan"),
    // All that we ask for is a few ranges of an index, also where the statistics are old or none.
    ("enable_seqscan", "off"),
    ("enable_bitmapscan", "off"),
];

/// Where the databases are, and how long to wait for them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// `postgres://user[:password]@host[:port]/database[?sslmode=…]`, of the primary; straight or through a pooler in
    /// session mode. `sslmode` is `disable`, `prefer` (the default), `require`, `verify-ca` or `verify-full`, with
    /// `sslrootcert`, `sslcert` and `sslkey` as paths. A password may have to be percent-encoded.
    pub url: Url,
    /// The same of each streaming replica, at most 64: searches go there. None: the primary answers all.
    pub replicas: Vec<Url>,
    /// A file that holds the password of all, if the URLs don't; a line feed at its end doesn't count.
    pub password_file: Option<PathBuf>,
    /// Connections of this process that write, 1 to 1,000. Writers take turns, so few suffice.
    pub writers_max: u32,
    /// Connections of this process that read, to each server, 1 to 1,000; and one more to see how it is.
    pub readers_max: u32,
    /// How long to wait for a connection to the primary, a new or a free one, milliseconds, 100 to 60,000.
    pub connect_timeout_ms: u64,
    /// How long a batch waits for those before it, milliseconds, 100 to 60,000.
    pub lock_timeout_ms: u64,
    /// How long a statement may take, milliseconds, 100 to 60,000.
    pub statement_timeout_ms: u64,
    /// How long a replica may take, with its connection, before another server is asked, milliseconds, 100 to 60,000.
    pub replica_timeout_ms: u64,
    /// For how long the primary may have been ahead of a replica that is read, milliseconds, 100 to 60,000.
    pub lag_max_ms: u64,
    /// How long a read that must see a write waits for a replica before it goes to the primary, milliseconds, up to
    /// 10,000.
    pub catch_up_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            url: "postgres://whereabouts@127.0.0.1:5432/whereabouts".to_owned().into(),
            replicas: Vec::new(),
            password_file: None,
            writers_max: 2,
            readers_max: 8,
            connect_timeout_ms: 5_000,
            lock_timeout_ms: 3_000,
            statement_timeout_ms: 5_000,
            replica_timeout_ms: 1_000,
            lag_max_ms: 5_000,
            catch_up_ms: 100,
        }
    }
}

impl Config {
    /// Says which values can't work, and what would.
    pub fn validate(&self) -> Result<(), Faults> {
        let mut faults = Faults::default();
        faults.check(self.login(&self.url).check().map_err(|why| format!("url {why}")));
        let few = self.replicas.len() <= REPLICAS_MAX;
        faults.unless(few, format!("replicas can't be more than {REPLICAS_MAX}"));
        for (n, url) in self.replicas.iter().enumerate().take(REPLICAS_MAX) {
            faults.check(self.login(url).check().map_err(|why| format!("replicas[{n}] {why}")));
        }
        faults.unless_in(&CONNECTIONS, "writers_max", self.writers_max);
        faults.unless_in(&CONNECTIONS, "readers_max", self.readers_max);
        faults.unless_in(&TIMEOUT_MS, "connect_timeout_ms", self.connect_timeout_ms);
        faults.unless_in(&TIMEOUT_MS, "lock_timeout_ms", self.lock_timeout_ms);
        faults.unless_in(&TIMEOUT_MS, "statement_timeout_ms", self.statement_timeout_ms);
        faults.unless_in(&TIMEOUT_MS, "replica_timeout_ms", self.replica_timeout_ms);
        faults.unless_in(&TIMEOUT_MS, "lag_max_ms", self.lag_max_ms);
        faults.unless_in(&CATCH_UP_MS, "catch_up_ms", self.catch_up_ms);
        faults.result()
    }

    /// Says which files can't be used that are named here; nothing is reached.
    pub fn check_files(&self) -> Result<(), Faults> {
        self.login(&self.url).check_files()
    }

    fn login<'a>(&'a self, url: &'a str) -> Login<'a> {
        Login { url, password_file: self.password_file.as_deref() }
    }

    /// The server that is written.
    pub(super) fn primary(&self) -> Result<Server, StoreError> {
        self.patient_replica(&self.url)
    }

    /// One that is only read.
    pub(super) fn replica(&self, url: &str) -> Result<Server, StoreError> {
        let longest = Duration::from_millis(self.replica_timeout_ms);
        self.server(url, Times { answer: longest, ..self.times() })
    }

    /// The same, waited for as long as for the primary.
    pub(super) fn patient_replica(&self, url: &str) -> Result<Server, StoreError> {
        self.server(url, self.times())
    }

    fn server(&self, url: &str, times: Times) -> Result<Server, StoreError> {
        self.validate().map_err(StoreError::unusable)?;
        Server::new(&self.login(url), times, &SETTINGS)
    }

    fn times(&self) -> Times {
        Times::of_ms(self.connect_timeout_ms, self.lock_timeout_ms, self.statement_timeout_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(url: &str) -> Config {
        Config { url: url.to_owned().into(), ..Config::default() }
    }

    #[test]
    fn a_password_is_neither_printed_nor_serialised() {
        for url in ["postgres://u:secret@h:5432/db", "postgres://u:se@cr:et/@h/db", "u:secret@h"] {
            let config = Config { replicas: vec![url.to_owned().into()], ..with(url) };
            let json = serde_json::to_string(&config).expect("text");
            assert_eq!(json.matches("u:***@h").count(), 2, "{json}");
            for text in [json, format!("{config:?}"), format!("{:?}", config.validate())] {
                assert!(!text.contains("se@cr") && !text.contains("secret"), "{text}");
            }
        }
    }

    #[test]
    fn what_can_not_work_is_said_by_name() {
        assert_eq!(Config::default().validate(), Ok(()));
        let good = "postgresql://u:p%40@h/db?sslmode=verify-full";
        let replicas = |urls: &[&str]| urls.iter().map(|&url| url.to_owned().into()).collect();
        let config = Config { replicas: replicas(&[good, good]), ..with(good) };
        assert_eq!(config.validate(), Ok(()));
        let plain = Config::default;
        let file = Some(PathBuf::from("/p"));
        for (config, said) in [
            (with("mysql://u@h/db"), "url must begin with postgres://"),
            (
                Config { replicas: replicas(&[good, "postgres://u@h"]), ..plain() },
                "replicas[1] must be",
            ),
            (
                Config { replicas: replicas(&[good; 65]), ..plain() },
                "replicas can't be more than 64",
            ),
            (Config { readers_max: 0, ..plain() }, "readers_max must be from 1 to 1000"),
            (Config { lag_max_ms: 99, ..plain() }, "lag_max_ms must be from 100 to 60000"),
            (Config { catch_up_ms: 10_001, ..plain() }, "catch_up_ms must be from 0 to 10000"),
            (Config { password_file: file, ..with(good) }, "url can't have"),
        ] {
            let why = config.validate().expect_err("can't work").to_string();
            assert!(why.starts_with(said), "{why}");
        }
    }
}
