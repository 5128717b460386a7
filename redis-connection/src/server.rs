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
        self.url.as_str().into_connection_info().map(drop).map_err(|error| {
            format!("the url of {name} must be like redis://user:password@host:6379/0: {error}")
        })
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
