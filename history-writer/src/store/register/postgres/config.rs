use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sql::StoreError;
use sql::postgres::{CONNECTIONS, Login, Server, TIMEOUT_MS, Times, Url, must_be_in};

/// Where the database of the register is, and how long to wait for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// `postgres://user[:password]@host[:port]/database[?sslmode=…]`, of the primary, as for the directory.
    pub url: Url,
    /// A file that holds the password, if the URL doesn't; a line feed at its end doesn't count.
    pub password_file: Option<PathBuf>,
    /// Connections of this process that read, 1 to 1,000; beside them four that write, and one that looks how the server is.
    pub readers_max: u32,
    /// How long to wait for a connection, milliseconds, 100 to 60,000.
    pub connect_timeout_ms: u64,
    /// How long a call waits for others about the same user, milliseconds, 100 to 60,000.
    pub lock_timeout_ms: u64,
    /// How long a statement may take, milliseconds, 100 to 60,000.
    pub statement_timeout_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        let url = "postgres://whereabouts@127.0.0.1:5432/whereabouts".to_owned();
        Self {
            url: url.into(),
            password_file: None,
            readers_max: 4,
            connect_timeout_ms: 5_000,
            lock_timeout_ms: 3_000,
            statement_timeout_ms: 5_000,
        }
    }
}

impl Config {
    /// Says which values can't work, and what would.
    pub fn validate(&self) -> Result<(), String> {
        let Self { readers_max, connect_timeout_ms, lock_timeout_ms, statement_timeout_ms, .. } =
            *self;
        self.login().check().map_err(|why| format!("url {why}"))?;
        must_be_in(&CONNECTIONS, "readers_max", readers_max)?;
        must_be_in(&TIMEOUT_MS, "connect_timeout_ms", connect_timeout_ms)?;
        must_be_in(&TIMEOUT_MS, "lock_timeout_ms", lock_timeout_ms)?;
        must_be_in(&TIMEOUT_MS, "statement_timeout_ms", statement_timeout_ms)
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

    #[test]
    fn what_can_not_work_is_said_by_name_and_without_the_password() {
        assert_eq!(Config::default().validate(), Ok(()));
        let url = "mysql://u:secret@h/db".to_owned().into();
        for (config, said) in [
            (Config { url, ..Config::default() }, "url must begin with postgres://"),
            (Config { readers_max: 0, ..Config::default() }, "readers_max must be in 1..=1000"),
        ] {
            let why = config.validate().expect_err("can't work");
            assert!(why.contains(said) && !why.contains("secret"), "{why}");
        }
    }
}
