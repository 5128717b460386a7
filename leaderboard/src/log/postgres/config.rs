use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sql::StoreError;
use sql::postgres::{CONNECTIONS, Login, Server, TIMEOUT_MS, Times, Url, must_be_in};

/// Where the database is, and how long to wait for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// `postgres://user[:password]@host[:port]/database[?sslmode=…]`, of the primary, straight or through a pooler in
    /// session mode, as for the directory.
    pub url: Url,
    /// A file that holds the password, if the URL doesn't; a line feed at its end doesn't count.
    pub password_file: Option<PathBuf>,
    /// Connections of this process that read, 1 to 1,000; beside them one that writes, one that tidies up and one that looks
    /// how the server is.
    pub readers_max: u32,
    /// How long a statement may take, milliseconds, 100 to 60,000.
    pub statement_timeout_ms: u64,
    /// How long a batch waits for those of other processes on the same boards, milliseconds, 100 to 60,000.
    pub lock_timeout_ms: u64,
    /// How long to wait for a connection, a new or a free one, milliseconds, 100 to 60,000.
    pub connect_timeout_ms: u64,
}

impl Default for Config {
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

impl Config {
    /// Says which values can't work, and what would.
    pub fn validate(&self) -> Result<(), String> {
        self.login().check().map_err(|why| format!("url {why}"))?;
        must_be_in(&CONNECTIONS, "readers_max", self.readers_max)?;
        let times = [
            ("statement_timeout_ms", self.statement_timeout_ms),
            ("lock_timeout_ms", self.lock_timeout_ms),
            ("connect_timeout_ms", self.connect_timeout_ms),
        ];
        times.into_iter().try_for_each(|(name, value)| must_be_in(&TIMEOUT_MS, name, value))
    }

    fn login(&self) -> Login<'_> {
        Login { url: &self.url, password_file: self.password_file.as_deref() }
    }

    /// The one server that is read and written.
    pub(super) fn primary(&self) -> Result<Server, StoreError> {
        self.validate().map_err(StoreError::unusable)?;
        let times =
            Times::of_ms(self.connect_timeout_ms, self.lock_timeout_ms, self.statement_timeout_ms);
        let off = PLANS_OFF.map(|plan| (plan, "off"));
        Server::new(&self.login(), times, &[&off[..], &[SAME_PLAN]].concat())
    }
}

/// Every statement looks up rows by their keys, however many. A server that believes the tables empty, since it hasn't looked
/// at them yet, would read all of them each time.
const PLANS_OFF: [&str; 4] =
    ["enable_seqscan", "enable_hashjoin", "enable_mergejoin", "enable_material"];
/// So a plan is as good whatever is looked up.
const SAME_PLAN: (&str, &str) = ("plan_cache_mode", "force_generic_plan");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_work_is_said_by_name_and_without_the_password() {
        assert_eq!(Config::default().validate(), Ok(()));
        let url = |url: &str| Config { url: url.to_owned().into(), ..Config::default() };
        let cases = [
            (url("mysql://u:secret@h/db"), "url must begin with postgres://"),
            (Config { readers_max: 0, ..Config::default() }, "readers_max must be in 1..=1000"),
            (
                Config { lock_timeout_ms: 60_001, ..Config::default() },
                "lock_timeout_ms must be in 100..=60000",
            ),
        ];
        for (config, said) in cases {
            let why = config.validate().expect_err("can't work");
            assert!(why.starts_with(said), "{why}");
            let json = serde_json::to_string(&config).expect("text");
            assert!(!format!("{why} {json} {config:?}").contains("secret"), "{json}");
            assert_eq!(config.primary().err(), Some(StoreError::unusable(why)));
        }
    }
}
