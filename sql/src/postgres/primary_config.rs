use std::path::PathBuf;

use model::Faults;
use serde::{Deserialize, Serialize};

use super::{CONNECTIONS, Login, Server, TIMEOUT_MS, Times, Url};
use crate::StoreError;

/// Where a part's database is of which one server is read and written, and how long to wait for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PrimaryConfig {
    /// `postgres://user[:password]@host[:port]/database[?sslmode=…]`, of the primary, straight or through a pooler in
    /// session mode, as for the directory.
    pub url: Url,
    /// A file that holds the password, if the URL doesn't; a line feed at its end doesn't count.
    pub password_file: Option<PathBuf>,
    /// Connections of this process that read, 1 to 1,000; beside them a few that write and see how the server is.
    pub readers_max: u32,
    /// How long a statement may take, milliseconds, 100 to 60,000.
    pub statement_timeout_ms: u64,
    /// How long a write waits for those of others to the same rows, milliseconds, 100 to 60,000.
    pub lock_timeout_ms: u64,
    /// How long to wait for a connection, a new or a free one, milliseconds, 100 to 60,000.
    pub connect_timeout_ms: u64,
}

impl Default for PrimaryConfig {
    fn default() -> Self {
        Self {
            url: Url::from("postgres://whereabouts@127.0.0.1:5432/whereabouts".to_owned()),
            password_file: None,
            readers_max: 8,
            statement_timeout_ms: 5_000,
            lock_timeout_ms: 3_000,
            connect_timeout_ms: 5_000,
        }
    }
}

impl PrimaryConfig {
    /// Says which values can't work, and what would.
    pub fn validate(&self) -> Result<(), Faults> {
        let mut faults = Faults::default();
        faults.check(self.login().check().map_err(|why| format!("url {why}")));
        faults.unless_in(&CONNECTIONS, "readers_max", self.readers_max);
        faults.unless_in(&TIMEOUT_MS, "statement_timeout_ms", self.statement_timeout_ms);
        faults.unless_in(&TIMEOUT_MS, "lock_timeout_ms", self.lock_timeout_ms);
        faults.unless_in(&TIMEOUT_MS, "connect_timeout_ms", self.connect_timeout_ms);
        faults.result()
    }

    /// Says which files can't be used that are named here; nothing is reached.
    pub fn check_files(&self) -> Result<(), Faults> {
        self.login().check_files()
    }

    fn login(&self) -> Login<'_> {
        Login { url: &self.url, password_file: self.password_file.as_deref() }
    }

    /// The server, with settings of each connection as for [`Server::new`]. Nothing is reached yet.
    ///
    /// Errs if values can't work, and if the file with the password can't be read.
    pub fn server(&self, settings: &[(&str, &str)]) -> Result<Server, StoreError> {
        self.validate().map_err(StoreError::unusable)?;
        let times =
            Times::of_ms(self.connect_timeout_ms, self.lock_timeout_ms, self.statement_timeout_ms);
        Server::new(&self.login(), times, settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_work_is_said_by_name_and_without_the_password() {
        assert_eq!(PrimaryConfig::default().validate(), Ok(()));
        let url =
            |url: &str| PrimaryConfig { url: url.to_owned().into(), ..PrimaryConfig::default() };
        let plain = PrimaryConfig::default;
        let cases = [
            (url("mysql://u:secret@h/db"), "url must begin with postgres://"),
            (PrimaryConfig { readers_max: 0, ..plain() }, "readers_max must be from 1 to 1000"),
            (
                PrimaryConfig { lock_timeout_ms: 60_001, ..plain() },
                "lock_timeout_ms must be from 100 to 60000",
            ),
        ];
        for (config, said) in cases {
            let why = config.validate().expect_err("can't work").to_string();
            assert!(why.starts_with(said), "{why}");
            let json = serde_json::to_string(&config).expect("text");
            assert!(!format!("{why} {json} {config:?}").contains("secret"), "{json}");
            assert_eq!(config.server(&[]).err(), Some(StoreError::unusable(why)));
        }
    }
}
