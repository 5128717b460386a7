use std::fmt;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use serde::{Deserialize, Serialize, Serializer};
use sqlx::postgres::PgConnectOptions;

use crate::error::Error;

/// How a database's address begins.
const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];
/// What an address may say after its `?`: anything else is a mistake, and a mistyped `sslmode` a dangerous one.
const PARAMETERS: [&str; 4] = ["sslmode", "sslrootcert", "sslcert", "sslkey"];
/// What the numbers of connections may be.
const CONNECTIONS: RangeInclusive<u32> = 1..=1_000;
/// What each of the times may be, milliseconds: whoever waits longer has been forgotten by whoever asked.
const TIMEOUT_MS: RangeInclusive<u64> = 100..=60_000;
/// What `catch_up_ms` may be.
const CATCH_UP_MS: RangeInclusive<u64> = 0..=10_000;
/// The most replicas: each is asked by every process several times a second how it is.
const REPLICAS_MAX: usize = 64;

/// Where the databases are, and how long to wait for them.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// `postgres://user[:password]@host[:port]/database[?sslmode=…]`, of the primary; straight or through a pooler in
    /// session mode. `sslmode` is `disable`, `prefer` (the default), `require`, `verify-ca` or `verify-full`, with
    /// `sslrootcert`, `sslcert` and `sslkey` as paths. A password may have to be percent-encoded.
    #[serde(serialize_with = "without_password")]
    pub url: String,
    /// The same of each streaming replica, at most 64: searches go there. None: the primary answers all.
    #[serde(serialize_with = "without_passwords")]
    pub replicas: Vec<String>,
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
            url: "postgres://whereabouts@127.0.0.1:5432/whereabouts".to_owned(),
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

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let replicas: Vec<_> = self.replicas.iter().map(|url| redacted(url)).collect();
        f.debug_struct("Config")
            .field("url", &redacted(&self.url))
            .field("replicas", &replicas)
            .field("password_file", &self.password_file)
            .field("writers_max", &self.writers_max)
            .field("readers_max", &self.readers_max)
            .field("connect_timeout_ms", &self.connect_timeout_ms)
            .field("lock_timeout_ms", &self.lock_timeout_ms)
            .field("statement_timeout_ms", &self.statement_timeout_ms)
            .field("replica_timeout_ms", &self.replica_timeout_ms)
            .field("lag_max_ms", &self.lag_max_ms)
            .field("catch_up_ms", &self.catch_up_ms)
            .finish()
    }
}

impl Config {
    /// Says which values can't work, and what would.
    pub fn validate(&self) -> Result<(), String> {
        let has_file = self.password_file.is_some();
        check_url(&self.url, has_file).map_err(|why| format!("url {why}"))?;
        if self.replicas.len() > REPLICAS_MAX {
            return Err(format!("replicas can't be more than {REPLICAS_MAX}"));
        }
        for (n, url) in self.replicas.iter().enumerate() {
            check_url(url, has_file).map_err(|why| format!("replicas[{n}] {why}"))?;
        }
        for (name, count) in [("writers_max", self.writers_max), ("readers_max", self.readers_max)]
        {
            if !CONNECTIONS.contains(&count) {
                return Err(format!("{name} must be in {CONNECTIONS:?}"));
            }
        }
        let times = [
            ("connect_timeout_ms", self.connect_timeout_ms),
            ("lock_timeout_ms", self.lock_timeout_ms),
            ("statement_timeout_ms", self.statement_timeout_ms),
            ("replica_timeout_ms", self.replica_timeout_ms),
            ("lag_max_ms", self.lag_max_ms),
        ];
        if let Some((name, _)) = times.iter().find(|(_, ms)| !TIMEOUT_MS.contains(ms)) {
            return Err(format!("{name} must be in {TIMEOUT_MS:?}"));
        }
        if !CATCH_UP_MS.contains(&self.catch_up_ms) {
            return Err(format!("catch_up_ms must be in {CATCH_UP_MS:?}"));
        }
        Ok(())
    }

    /// What to connect with. Without a password here, `PGPASSWORD` and `~/.pgpass` are looked at, as by `psql`.
    pub(super) fn options(&self, url: &str) -> Result<PgConnectOptions, Error> {
        let unusable = |why: String| Error::Unusable(format!("postgres.{why}"));
        self.validate().map_err(unusable)?;
        let options: PgConnectOptions =
            url.parse().map_err(|error| unusable(format!("url: {error}")))?;
        let Some(path) = &self.password_file else { return Ok(options) };
        let password = std::fs::read_to_string(path)
            .map_err(|error| unusable(format!("password_file: {}: {error}", path.display())))?;
        Ok(options.password(password.trim_end_matches(['\r', '\n'])))
    }

    /// Whether a password is named here for this server.
    pub(super) fn has_password(&self, url: &str) -> bool {
        self.password_file.is_some() || redacted(url) != url
    }
}

fn check_url(url: &str, has_file: bool) -> Result<(), String> {
    let Some(scheme) = SCHEMES.into_iter().find(|scheme| url.starts_with(scheme)) else {
        return Err("must begin with postgres://".to_owned());
    };
    let rest = &url[scheme.len()..];
    let (address, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    let named = |part: Option<&str>| part.is_some_and(|text| !text.is_empty());
    let (user, place) = address.rsplit_once('@').unwrap_or(("", address));
    let (host, database) = place.split_once('/').unwrap_or((place, ""));
    if !named(user.split(':').next()) || !named(Some(host)) || !named(Some(database)) {
        return Err("must be postgres://user[:password]@host[:port]/database".to_owned());
    }
    for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
        let name = parameter.split('=').next().unwrap_or_default();
        if !PARAMETERS.contains(&name) {
            return Err(format!("has the parameter {name}; it may have {PARAMETERS:?}"));
        }
    }
    if user.contains(':') && has_file {
        return Err("can't have a password while password_file is set".to_owned());
    }
    Ok(())
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

fn without_passwords<S: Serializer>(urls: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(urls.iter().map(|url| redacted(url)))
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
            ("postgres://u:se@cr:et/@h/db", "postgres://u:***@h/db"),
            ("u:secret@h", "u:***@h"),
        ] {
            let config = Config { replicas: vec![url.to_owned()], ..with(url) };
            assert_eq!(redacted(url), shown);
            assert!(config.has_password(url));
            let json = serde_json::to_string(&config).expect("text");
            assert!(json.contains(shown), "{json}");
            for text in [json, format!("{config:?}"), format!("{:?}", config.validate())] {
                assert!(!text.contains("se@cr") && !text.contains("secret"), "{text}");
            }
        }
        let plain = Config::default();
        assert!(!plain.has_password(&plain.url));
    }

    #[test]
    fn what_can_not_work_is_said() {
        assert_eq!(Config::default().validate(), Ok(()));
        let good = "postgresql://u:p%40@h/db?sslmode=verify-full";
        let replicas = |urls: &[&str]| urls.iter().map(|&url| url.to_owned()).collect();
        let config = Config { replicas: replicas(&[good, good]), ..with(good) };
        assert_eq!(config.validate(), Ok(()));
        let plain = Config::default;
        let file = Some(PathBuf::from("/p"));
        for (config, said) in [
            (with("mysql://u@h/db"), "url must begin with postgres://"),
            (with("postgres://h/db"), "postgres://user[:password]@host"),
            (with("postgres://u@h/db?sslmod=require"), "sslmod;"),
            (Config { replicas: replicas(&[good, "postgres://u@h"]), ..plain() }, "replicas[1]"),
            (Config { replicas: replicas(&[good; 65]), ..plain() }, "more than 64"),
            (Config { readers_max: 0, ..plain() }, "readers_max must be in 1..=1000"),
            (Config { lag_max_ms: 99, ..plain() }, "lag_max_ms must be in 100..=60000"),
            (Config { catch_up_ms: 10_001, ..plain() }, "catch_up_ms must be in 0..=10000"),
            (Config { password_file: file, ..with(good) }, "while password_file is set"),
        ] {
            let why = config.validate().expect_err("can't work");
            assert!(why.contains(said), "{why}");
        }
    }
}
