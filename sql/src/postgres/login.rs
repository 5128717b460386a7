use std::fmt;
use std::ops::Deref;
use std::path::Path;

use serde::{Deserialize, Serialize, Serializer};
use sqlx::postgres::PgConnectOptions;

use crate::StoreError;

/// How a database's address begins.
const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];
/// What an address may say after its `?`: anything else is a mistake, and a mistyped `sslmode` a dangerous one.
const PARAMETERS: [&str; 4] = ["sslmode", "sslrootcert", "sslcert", "sslkey"];

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
        for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
            let name = parameter.split('=').next().unwrap_or_default();
            if !PARAMETERS.contains(&name) {
                return Err(format!("has the parameter {name}; it may have {PARAMETERS:?}"));
            }
        }
        if user.contains(':') && self.password_file.is_some() {
            return Err("can't have a password while password_file is set".to_owned());
        }
        Ok(())
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
        let password = std::fs::read_to_string(path).map_err(|error| {
            let what = format!("password_file: {} can't be read", path.display());
            StoreError::unusable(what).caused_by(error)
        })?;
        Ok(options.password(password.trim_end_matches(['\r', '\n'])))
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
    use model::ErrorChain;

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
        for good in ["postgres://u@h/db", "postgresql://u:p%40@h:1/db?sslmode=verify-full"] {
            assert_eq!(at(good).check(), Ok(()));
        }
        let file = Some(Path::new("/p"));
        for (login, said) in [
            (at("mysql://u:secret@h/db"), "must begin with postgres://"),
            (at("postgres://h/db"), "postgres://user[:password]@host"),
            (at("postgres://:secret@h/db"), "postgres://user[:password]@host"),
            (at("postgres://u:secret@h"), "postgres://user[:password]@host"),
            (at("postgres://u@h/db?sslmod=require"), "sslmod;"),
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
        assert_eq!(login.check(), Ok(()));
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
}
