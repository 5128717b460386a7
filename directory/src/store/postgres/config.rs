use std::path::PathBuf;

use model::Faults;
use serde::{Deserialize, Serialize};
use sql::postgres::{CONNECTIONS, Login, Server, TIMEOUT_MS, Times, Url};

use sql::StoreError;

/// Where the database is, and how long to wait for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// `postgres://user[:password]@host[:port]/database[?sslmode=…]`, of the primary; straight or through a pooler in
    /// session mode. `sslmode` is `disable`, `prefer` (the default), `require`, `verify-ca` or `verify-full`, with
    /// `sslrootcert`, `sslcert` and `sslkey` as paths. A password may have to be percent-encoded.
    pub url: Url,
    /// A file that holds the password, if the URL doesn't; a line feed at its end doesn't count.
    pub password_file: Option<PathBuf>,
    /// Connections of this process that write, and read lists, 1 to 1,000; and one more to see how the server is.
    pub connections_max: u32,
    /// Connections of this process that read circles and follow the feed, 1 to 1,000: so many statements are under way at
    /// a time, each for all who wait.
    pub readers_max: u32,
    /// How long to wait for a connection, a new or a free one, milliseconds, 100 to 60,000.
    pub connect_timeout_ms: u64,
    /// How long a batch waits for another one about the same users, milliseconds, 100 to 60,000.
    pub lock_timeout_ms: u64,
    /// How long a statement may take, milliseconds, 100 to 60,000.
    pub statement_timeout_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            url: "postgres://whereabouts@127.0.0.1:5432/whereabouts".to_owned().into(),
            password_file: None,
            connections_max: 8,
            readers_max: 4,
            connect_timeout_ms: 5_000,
            lock_timeout_ms: 3_000,
            statement_timeout_ms: 5_000,
        }
    }
}

impl Config {
    /// Says which values can't work, and what would.
    pub fn validate(&self) -> Result<(), Faults> {
        let mut faults = Faults::default();
        faults.check(self.login().check().map_err(|why| format!("url {why}")));
        faults.unless_in(&CONNECTIONS, "connections_max", self.connections_max);
        faults.unless_in(&CONNECTIONS, "readers_max", self.readers_max);
        faults.unless_in(&TIMEOUT_MS, "connect_timeout_ms", self.connect_timeout_ms);
        faults.unless_in(&TIMEOUT_MS, "lock_timeout_ms", self.lock_timeout_ms);
        faults.unless_in(&TIMEOUT_MS, "statement_timeout_ms", self.statement_timeout_ms);
        faults.result()
    }

    /// Says which files can't be used that are named here; nothing is reached.
    pub fn check_files(&self) -> Result<(), Faults> {
        self.login().check_files()
    }

    fn login(&self) -> Login<'_> {
        Login { url: &self.url, password_file: self.password_file.as_deref() }
    }

    /// The one server that is read and written.
    pub(super) fn primary(&self) -> Result<Server, StoreError> {
        self.validate().map_err(StoreError::unusable)?;
        let Self { connect_timeout_ms, lock_timeout_ms, statement_timeout_ms, .. } = *self;
        let times = Times::of_ms(connect_timeout_ms, lock_timeout_ms, statement_timeout_ms);
        Server::new(&self.login(), times, &[])
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
            let config = with(url);
            let json = serde_json::to_string(&config).expect("text");
            assert!(json.contains("u:***@h"), "{json}");
            for text in [json, format!("{config:?}"), format!("{:?}", config.validate())] {
                assert!(!text.contains("se@cr") && !text.contains("secret"), "{text}");
            }
        }
    }

    #[test]
    fn a_dump_without_a_password_reads_back_as_the_same() {
        let config = Config { password_file: Some(PathBuf::from("/p")), ..Config::default() };
        let json = serde_json::to_string(&config).expect("text");
        assert_eq!(serde_json::from_str::<Config>(&json).expect("the same"), config);
        assert!(serde_json::from_str::<Config>(r#"{"host": "h"}"#).is_err());
    }

    #[test]
    fn what_can_not_work_is_said_by_name() {
        assert_eq!(Config::default().validate(), Ok(()));
        let plain = Config::default;
        let file = Some(PathBuf::from("/p"));
        for (config, said) in [
            (with("mysql://u@h/db"), "url must begin with postgres://"),
            (Config { password_file: file, ..with("postgres://u:p@h/db") }, "url can't have"),
            (Config { connections_max: 0, ..plain() }, "connections_max must be from 1 to 1000"),
            (Config { readers_max: 1_001, ..plain() }, "readers_max must be from 1 to 1000"),
            (
                Config { lock_timeout_ms: 99, ..plain() },
                "lock_timeout_ms must be from 100 to 60000",
            ),
        ] {
            let why = config.validate().expect_err("can't work").to_string();
            assert!(why.starts_with(said), "{why}");
            assert_eq!(config.primary().err(), Some(StoreError::unusable(why)));
        }
    }

    #[test]
    fn a_password_file_that_can_not_be_read_is_named() {
        let file = Some(PathBuf::from("/missing/password"));
        let config = Config { password_file: file, ..Config::default() };
        let why = config.primary().expect_err("there is no such file").to_string();
        assert!(why.starts_with("password_file: /missing/password "), "{why}");
    }
}
