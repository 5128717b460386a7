use std::fmt;
use std::path::PathBuf;

use redis::IntoConnectionInfo as _;
use serde::{Deserialize, Serialize};
use url::Url;

/// A Redis server, as the settings name it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Its name in the map: stays the same when the address changes.
    pub name: String,
    /// Its share of the users, relative to the others: 0 … 1,000.
    #[serde(default = "one")]
    pub weight: u32,
    /// `redis://[user[:password]@]host[:port][/database]`, with TLS `rediss://…`.
    #[serde(serialize_with = "redacted")]
    pub url: String,
    /// A file that holds the password, instead of one in the URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// With TLS: a file of certificates (PEM) to trust instead of the system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_ca_file: Option<PathBuf>,
}

impl Server {
    /// Errs if the URL can't be one of a Redis server, without what it says. No file is read, and nothing reached.
    pub fn check(&self) -> Result<(), String> {
        let name = &self.name;
        let scheme = self.url.split("://").next().unwrap_or_default();
        if scheme != "redis" && scheme != "rediss" {
            return Err(format!("the url of {name} must begin with redis:// or rediss://"));
        }
        let info = self.url.as_str().into_connection_info().map_err(|_| {
            format!("the url of {name} must be like redis://user:password@host:6379/0")
        })?;
        if info.redis_settings().db() < 0 {
            return Err(format!("the url of {name} ends in the number of a database, 0 or more"));
        }
        if self.tls_ca_file.is_some() && scheme != "rediss" {
            return Err(format!(
                "tls_ca_file of {name} is for TLS, which its url doesn't speak: begin that with rediss://"
            ));
        }
        Ok(())
    }
}

fn one() -> u32 {
    1
}

/// The URL without its password.
fn without_password(url: &str) -> String {
    let Ok(mut url) = Url::parse(url) else { return "***".to_owned() };
    if url.password().is_some() && url.set_password(Some("***")).is_err() {
        return "***".to_owned();
    }
    url.into()
}

fn redacted<S: serde::Serializer>(url: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&without_password(url))
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.name, without_password(&self.url))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(text: &str) -> Server {
        serde_json::from_str(text).expect("a server")
    }

    #[test]
    fn what_can_not_work_is_said_in_words_of_the_settings() {
        for (text, said) in [
            (r#"{"name":"a","url":"http://h"}"#, "redis:// or rediss://"),
            (r#"{"name":"a","url":"redis://"}"#, "like redis://user:password@host:6379/0"),
            (r#"{"name":"a","url":"redis://h:x"}"#, "like redis://user:password@host:6379/0"),
            (r#"{"name":"a","url":"redis://h:6379/-1"}"#, "0 or more"),
            (r#"{"name":"a","url":"redis://h","tls_ca_file":"/ca"}"#, "rediss://"),
        ] {
            let why = server(text).check().expect_err(text);
            assert!(why.contains(said) && !why.contains("Client"), "{text}: {why}");
        }
    }

    #[test]
    fn files_are_looked_at_without_reaching_anybody() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        std::fs::write(&file, "text").expect("written");
        let with = |url: &str, password: Option<&str>, ca: Option<&str>| {
            let (password_file, tls_ca_file) = (password.map(PathBuf::from), ca.map(PathBuf::from));
            Server {
                name: "a".to_owned(),
                weight: 1,
                url: url.to_owned(),
                password_file,
                tls_ca_file,
            }
        };
        assert_eq!(with("redis://h", file.to_str(), None).check_files(), Ok(()));
        for (server, said) in [
            (with("redis://h", Some("/nope"), None), "can't read /nope"),
            (with("rediss://h", None, Some("/nope")), "can't read /nope"),
            (with("rediss://h", None, file.to_str()), "no certificate in PEM"),
        ] {
            let why = server.check_files().expect_err("it can't be used");
            assert!(why.contains(said), "{why}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        for url in ["redis://:secret@h:1/2", "rediss://app:secret@h", "redis://a:se@cret@h"] {
            let server: Server =
                serde_json::from_value(serde_json::json!({ "name": "a", "url": url }))
                    .expect("a server");
            let dumped = serde_json::to_string(&server).expect("serialises");
            assert!(!format!("{server:?}{dumped}").contains("cret"), "{server:?} {dumped}");
        }
    }
}
