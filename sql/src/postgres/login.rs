use std::fmt;
use std::ops::Deref;
use std::path::Path;

use model::{ErrorChain, Faults};
use serde::{Deserialize, Serialize, Serializer};
use sqlx::postgres::PgConnectOptions;

use crate::StoreError;

/// How a database's address begins.
const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];
/// What an address may say after its `?`: anything else is a mistake, and a mistyped `sslmode` a dangerous one.
const PARAMETERS: [&str; 4] = [SSLMODE, "sslrootcert", "sslcert", "sslkey"];
const SSLMODE: &str = "sslmode";
const SSLMODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

/// Where a database is, and as whom to go there.
#[derive(Clone, Copy)]
pub struct Login<'a> {
    /// `postgres://user[:password]@host[:port]/database[?sslmode=…]`, where there may also be `sslrootcert`, `sslcert`
    /// and `sslkey`.
    pub url: &'a str,
    /// A file that holds the password, if the URL doesn't; a line feed at its end doesn't count.
    pub password_file: Option<&'a Path>,
}

impl Login<'_> {
    /// Says what the URL must be if it can't work; its name is for the caller to put before.
    pub fn check(&self) -> Result<(), String> {
        let Some(scheme) = SCHEMES.into_iter().find(|scheme| self.url.starts_with(scheme)) else {
            return Err("must begin with postgres://".to_owned());
        };
        let rest = &self.url[scheme.len()..];
        let (address, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        let named = |part: Option<&str>| part.is_some_and(|text| !text.is_empty());
        let (user, endpoint) = address.rsplit_once('@').unwrap_or(("", address));
        let (host, database) = endpoint.split_once('/').unwrap_or((endpoint, ""));
        if !named(user.split(':').next()) || !named(Some(host)) || !named(Some(database)) {
            return Err("must be postgres://user[:password]@host[:port]/database".to_owned());
        }
        for (name, value) in named_values(parameters) {
            if !PARAMETERS.contains(&name) {
                return Err(format!(
                    "has the parameter {name}; it may have {}",
                    PARAMETERS.join(", ")
                ));
            }
            if name == SSLMODE && !SSLMODES.contains(&value) {
                return Err(format!("has sslmode={value}; it may be {}", SSLMODES.join(", ")));
            }
            if value.is_empty() {
                return Err(format!("has the parameter {name} without a value"));
            }
        }
        if user.contains(':') && self.password_file.is_some() {
            return Err("can't have a password while password_file is set".to_owned());
        }
        if host.rsplit_once(':').is_some_and(|(_, port)| !is_port(port)) {
            return Err("has a port that is none: it is from 1 to 65535".to_owned());
        }
        let read = self.url.parse::<PgConnectOptions>();
        read.map(drop).map_err(|_| {
            "can't be read: in user, password and database @, :, / and % are written as %40, %3A, %2F and %25".to_owned()
        })
    }

    /// Says which files can't be used that are named here; nothing is reached.
    pub fn check_files(&self) -> Result<(), Faults> {
        let mut faults = Faults::default();
        if let Some(path) = self.password_file {
            faults.check(password(path).map(drop).map_err(|error| ErrorChain(&error).to_string()));
        }
        let (_, parameters) = self.url.split_once('?').unwrap_or_default();
        // Where it isn't written as it is, connecting tells what is wrong.
        let files = named_values(parameters)
            .filter(|(name, value)| *name != SSLMODE && !value.contains('%'));
        for (name, path) in files {
            let checked = std::fs::read_to_string(path).map_err(|error| error.to_string());
            let checked = checked.and_then(|text| {
                let is_pem = text.contains("-----BEGIN ");
                if is_pem { Ok(()) } else { Err("it is no PEM".to_owned()) }
            });
            faults.check(checked.map_err(|why| format!("url: {name} {path} can't be used: {why}")));
        }
        faults.result()
    }

    /// Whether a password is named here.
    pub(super) fn has_password(&self) -> bool {
        self.password_file.is_some() || redacted(self.url) != self.url
    }

    /// What to connect with. Without a password here, `PGPASSWORD` and `~/.pgpass` are looked at, as by `psql`.
    pub(super) fn options(&self) -> Result<PgConnectOptions, StoreError> {
        let shown = redacted(self.url);
        let unreadable = |error: sqlx::Error| {
            StoreError::unusable(format!("url: {shown} can't be read")).caused_by_sqlx(error)
        };
        let options: PgConnectOptions = self.url.parse().map_err(unreadable)?;
        let Some(path) = self.password_file else { return Ok(options) };
        Ok(options.password(password(path)?.trim_end_matches(['\r', '\n'])))
    }
}

fn password(path: &Path) -> Result<String, StoreError> {
    std::fs::read_to_string(path).map_err(|error| {
        let what = format!("password_file: {} can't be read", path.display());
        StoreError::unusable(what).caused_by(error)
    })
}

/// What stands behind the `?` of an address.
fn named_values(parameters: &str) -> impl Iterator<Item = (&str, &str)> {
    let all = parameters.split('&').filter(|parameter| !parameter.is_empty());
    all.map(|parameter| parameter.split_once('=').unwrap_or((parameter, "")))
}

fn is_port(text: &str) -> bool {
    text.ends_with(']') || text.parse::<u16>().is_ok_and(|port| port > 0)
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

/// The address of a database, as a config has it: printed and serialised without its password.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Url(String);

impl From<String> for Url {
    fn from(url: String) -> Self {
        Self(url)
    }
}

impl Deref for Url {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        redacted(self).fmt(f)
    }
}

impl Serialize for Url {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        redacted(self).serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(url: &str) -> Login<'_> {
        Login { url, password_file: None }
    }

    #[test]
    fn a_password_is_not_shown() {
        for (url, shown) in [
            ("postgres://u:secret@h:5432/db", "postgres://u:***@h:5432/db"),
            ("postgres://u:secret@h/db?sslmode=require", "postgres://u:***@h/db?sslmode=require"),
            ("postgres://u:se@cr:et/@h/db", "postgres://u:***@h/db"),
            ("u:secret@h", "u:***@h"),
        ] {
            assert_eq!(redacted(url), shown);
            assert!(at(url).has_password());
            let url = Url::from(url.to_owned());
            let json = serde_json::to_string(&url).expect("text");
            assert_eq!([json, format!("{url:?}")], [(); 2].map(|()| format!("\"{shown}\"")));
        }
        let plain = at("postgres://u@h:5432/db");
        assert_eq!(redacted(plain.url), plain.url);
        assert!(!plain.has_password());
        assert!(Login { password_file: Some(Path::new("/p")), ..plain }.has_password());
    }

    #[test]
    fn what_can_not_work_is_said_without_the_password() {
        for good in [
            "postgres://u@h/db",
            "postgresql://u:p%40@h:1/db?sslmode=verify-full",
            "postgres://u@[::1]/db",
            "postgres://u@[::1]:5432/db?sslrootcert=/ca.pem&",
        ] {
            assert_eq!(at(good).check(), Ok(()));
        }
        let file = Some(Path::new("/p"));
        for (login, said) in [
            (at("mysql://u:secret@h/db"), "must begin with postgres://"),
            (at("postgres://h/db"), "postgres://user[:password]@host"),
            (at("postgres://:secret@h/db"), "postgres://user[:password]@host"),
            (at("postgres://u:secret@h"), "postgres://user[:password]@host"),
            (at("postgres://u@h/db?sslmod=require"), "sslmod;"),
            (at("postgres://u:secret@h/db?sslmode=on"), "sslmode=on; it may be disable, allow"),
            (at("postgres://u@h/db?sslmode"), "sslmode=; it may be"),
            (at("postgres://u@h/db?sslrootcert="), "sslrootcert without a value"),
            (at("postgres://u:secret@h:123456/db"), "from 1 to 65535"),
            (at("postgres://u:secret@h:0/db"), "from 1 to 65535"),
            (at("postgres://u:secret@h:/db"), "from 1 to 65535"),
            (at("postgres://u:secret@[::1/db"), "can't be"),
            (at("postgres://u@h/db?password=secret"), "parameter password"),
            (Login { password_file: file, ..at("postgres://u:secret@h/db") }, "password_file"),
        ] {
            let why = login.check().expect_err("can't work");
            assert!(why.contains(said) && !why.contains("secret"), "{why}");
        }
    }

    #[test]
    fn an_address_that_can_not_be_read_is_shown_without_the_password() {
        let login = at("postgres://u:secret@h:123456/db");
        let why = ErrorChain(&login.options().expect_err("there is no such port")).to_string();
        assert!(why.starts_with("url: postgres://u:***@h:123456/db can't be read: "), "{why}");
        assert!(why.contains("port"), "{why}");
    }

    #[test]
    fn a_password_file_that_can_not_be_read_is_named() {
        let file = Some(Path::new("/missing/password"));
        let login = Login { password_file: file, ..at("postgres://u@h/db") };
        let why = ErrorChain(&login.options().expect_err("there is no such file")).to_string();
        assert!(why.starts_with("password_file: /missing/password can't be read: "), "{why}");
    }

    #[test]
    fn all_files_that_can_not_be_used_are_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let no_pem = folder.path().join("ca.pem");
        std::fs::write(&no_pem, "text").expect("written");
        let url = format!("postgres://u@h/db?sslrootcert={}&sslkey=/missing/key", no_pem.display());
        let login = Login { url: &url, password_file: Some(Path::new("/missing/password")) };
        let why = login.check_files().expect_err("three can't").to_string();
        for said in [
            "password_file: /missing/password",
            "ca.pem can't be used: it is no PEM",
            "sslkey /missing/key",
        ] {
            assert!(why.contains(said), "{why}");
        }
        assert_eq!(at("postgres://u@h/db?sslmode=require").check_files(), Ok(()));
    }
}
