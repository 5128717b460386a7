use std::fmt;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use serde::{Deserialize, Serialize, Serializer};
use sqlx::postgres::PgConnectOptions;

use crate::Error;

/// How a database's address begins.
const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];
/// What an address may say after its `?`: anything else is a mistake, and a mistyped `sslmode` a dangerous one.
const PARAMETERS: [&str; 4] = ["sslmode", "sslrootcert", "sslcert", "sslkey"];
/// What `connections_max` may be.
const CONNECTIONS: RangeInclusive<u32> = 1..=1_000;
/// What each of the times may be, milliseconds: whoever waits longer has been forgotten by whoever asked.
const TIMEOUT_MS: RangeInclusive<u64> = 100..=60_000;

/// Where the database is, and how long to wait for it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// `postgres://user[:password]@host[:port]/database[?sslmode=…]`, of the primary; straight or through a pooler in
    /// session mode. `sslmode` is `disable`, `prefer` (the default), `require`, `verify-ca` or `verify-full`, with
    /// `sslrootcert`, `sslcert` and `sslkey` as paths. A password may have to be percent-encoded.
    #[serde(serialize_with = "without_password")]
    pub url: String,
    /// A file that holds the password, if the URL doesn't; a line feed at its end doesn't count.
    pub password_file: Option<PathBuf>,
    /// Connections of this process, 1 to 1,000, and one more to listen.
    pub connections_max: u32,
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
            url: "postgres://whereabouts@127.0.0.1:5432/whereabouts".to_owned(),
            password_file: None,
            connections_max: 8,
            connect_timeout_ms: 5_000,
            lock_timeout_ms: 3_000,
            statement_timeout_ms: 5_000,
        }
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("url", &redacted(&self.url))
            .field("password_file", &self.password_file)
            .field("connections_max", &self.connections_max)
            .field("connect_timeout_ms", &self.connect_timeout_ms)
            .field("lock_timeout_ms", &self.lock_timeout_ms)
            .field("statement_timeout_ms", &self.statement_timeout_ms)
            .finish()
    }
}

impl Config {
    /// Says which values can't work, and what would.
    pub fn validate(&self) -> Result<(), String> {
        let Some(scheme) = SCHEMES.into_iter().find(|scheme| self.url.starts_with(scheme)) else {
            return Err("url must begin with postgres://".to_owned());
        };
        let rest = &self.url[scheme.len()..];
        let (address, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        let named = |part: Option<&str>| part.is_some_and(|text| !text.is_empty());
        let (user, place) = address.rsplit_once('@').unwrap_or(("", address));
        let (host, database) = place.split_once('/').unwrap_or((place, ""));
        if !named(user.split(':').next()) || !named(Some(host)) || !named(Some(database)) {
            return Err("url must be postgres://user[:password]@host[:port]/database".to_owned());
        }
        for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
            let name = parameter.split('=').next().unwrap_or_default();
            if !PARAMETERS.contains(&name) {
                return Err(format!("url has the parameter {name}; it may have {PARAMETERS:?}"));
            }
        }
        if user.contains(':') && self.password_file.is_some() {
            return Err("password_file can't be set while url has a password".to_owned());
        }
        if !CONNECTIONS.contains(&self.connections_max) {
            return Err(format!("connections_max must be in {CONNECTIONS:?}"));
        }
        let times = [
            ("connect_timeout_ms", self.connect_timeout_ms),
            ("lock_timeout_ms", self.lock_timeout_ms),
            ("statement_timeout_ms", self.statement_timeout_ms),
        ];
        match times.iter().find(|(_, ms)| !TIMEOUT_MS.contains(ms)) {
            Some((name, _)) => Err(format!("{name} must be in {TIMEOUT_MS:?}")),
            None => Ok(()),
        }
    }

    /// What to connect with. Without a password here, `PGPASSWORD` and `~/.pgpass` are looked at, as by `psql`.
    pub(super) fn options(&self) -> Result<PgConnectOptions, Error> {
        let unusable = |why: String| Error::Unusable(format!("postgres.{why}"));
        self.validate().map_err(unusable)?;
        let options: PgConnectOptions =
            self.url.parse().map_err(|error| unusable(format!("url: {error}")))?;
        let Some(path) = &self.password_file else { return Ok(options) };
        let password = std::fs::read_to_string(path)
            .map_err(|error| unusable(format!("password_file: {}: {error}", path.display())))?;
        Ok(options.password(password.trim_end_matches(['\r', '\n'])))
    }

    /// Whether a password is named here.
    pub(super) fn has_password(&self) -> bool {
        self.password_file.is_some() || redacted(&self.url) != self.url
    }
}

/// The address without its password. What is no address may have one anywhere: it is taken to end at the last `@`.
fn redacted(url: &str) -> String {
    let start = url.find("://").map_or(0, |at| at + 3);
    let Some(end) = url.rfind('@').filter(|end| *end >= start) else { return url.to_owned() };
    match url[start..end].split_once(':') {
        Some((user, _)) => format!("{}{user}:***{}", &url[..start], &url[end..]),
        None => url.to_owned(),
    }
}

fn without_password<S: Serializer>(url: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&redacted(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(url: &str) -> Config {
        Config { url: url.to_owned(), ..Config::default() }
    }

    #[test]
    fn a_password_is_neither_printed_nor_serialised() {
        for (url, shown) in [
            ("postgres://u:secret@h:5432/db", "postgres://u:***@h:5432/db"),
            ("postgres://u:secret@h/db?sslmode=require", "postgres://u:***@h/db?sslmode=require"),
            ("postgres://u:se@cr:et/@h/db", "postgres://u:***@h/db"),
            ("u:secret@h", "u:***@h"),
        ] {
            let config = with(url);
            assert_eq!(redacted(url), shown);
            assert!(config.has_password());
            let json = serde_json::to_string(&config).expect("text");
            for text in [json, format!("{config:?}"), format!("{:?}", config.validate())] {
                assert!(!text.contains("se@cr") && !text.contains("secret"), "{text}");
            }
        }
        assert_eq!(redacted("postgres://u@h:5432/db"), "postgres://u@h:5432/db");
        assert!(!Config::default().has_password());
    }

    #[test]
    fn a_dump_without_a_password_reads_back_as_the_same() {
        let config = Config { password_file: Some(PathBuf::from("/p")), ..Config::default() };
        let json = serde_json::to_string(&config).expect("text");
        assert_eq!(serde_json::from_str::<Config>(&json).expect("the same"), config);
        assert!(serde_json::from_str::<Config>(r#"{"host": "h"}"#).is_err());
    }

    #[test]
    fn what_can_not_work_is_said() {
        assert_eq!(Config::default().validate(), Ok(()));
        assert_eq!(with("postgresql://u:p%40@h/db?sslmode=verify-full").validate(), Ok(()));
        let zero = Config { connections_max: 0, ..Config::default() };
        let hasty = Config { lock_timeout_ms: 99, ..Config::default() };
        let file = Some(PathBuf::from("/p"));
        let twice = Config { password_file: file, ..with("postgres://u:p@h/db") };
        for (config, said) in [
            (with("mysql://u@h/db"), "must begin with postgres://"),
            (with("postgres://h/db"), "postgres://user[:password]@host"),
            (with("postgres://u@h"), "postgres://user[:password]@host"),
            (with("postgres://u@h/db?sslmod=require"), "sslmod;"),
            (with("postgres://u@h/db?password=x"), "parameter password"),
            (zero, "connections_max must be in 1..=1000"),
            (hasty, "lock_timeout_ms must be in 100..=60000"),
            (twice, "while url has a password"),
        ] {
            let why = config.validate().expect_err("can't work");
            assert!(why.contains(said), "{why}");
        }
    }

    #[test]
    fn a_password_file_that_can_not_be_read_is_named() {
        let file = Some(PathBuf::from("/missing/password"));
        let config = Config { password_file: file, ..Config::default() };
        let why = config.options().expect_err("there is no such file").to_string();
        assert!(why.contains("/missing/password"), "{why}");
    }
}
