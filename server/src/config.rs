use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The commented defaults, which are the documentation of every key.
#[cfg(test)]
const DEFAULT: &str = include_str!("../default.toml");

/// Everything that can be set, each part's own section as the part defines it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where and how to listen.
    pub http: Http,
    /// Where the embedded state lives.
    pub data: Data,
    /// Whose tokens are believed.
    pub auth: Auth,
    /// How requests over REST are limited.
    pub rest: Rest,
    /// Limits of users and friendships.
    pub directory: directory::Limits,
    /// Sessions and fan-out.
    pub gateway: ws_gateway::Config,
    /// What is logged.
    pub log: Log,
    /// Development mode: a page to look at, and tokens for anybody who asks; only on a loopback address.
    pub dev: bool,
}

/// Where and how to listen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Connections that are no WebSockets (yet).
    pub connections_max: usize,
    /// How long a client may take to send the head of a request, milliseconds.
    pub head_timeout_ms: u64,
}

/// Where the embedded state lives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Data {
    /// A folder; made if missing.
    pub dir: PathBuf,
}

/// Whose tokens are believed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Auth {
    /// What `iss` must be.
    pub issuer: String,
    /// What `aud` must be or contain.
    pub audience: String,
    /// How far clocks may differ, seconds.
    pub leeway_s: u32,
    /// Keys of the issuer. None: the node makes a key of its own in the data folder.
    pub keys: Vec<Key>,
}

/// A key of the issuer: the algorithm is fixed with the key, whatever a token says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "alg", deny_unknown_fields)]
pub enum Key {
    /// A shared secret of at least 32 bytes, as the file's bytes.
    #[serde(rename = "HS256")]
    Hs256 {
        /// The `kid` in tokens' headers.
        kid: String,
        /// The file that holds the secret.
        secret_file: PathBuf,
    },
    /// An Ed25519 public key in PEM.
    #[serde(rename = "EdDSA")]
    EdDsa {
        /// The `kid` in tokens' headers.
        kid: String,
        /// The file that holds the key.
        public_key_file: PathBuf,
    },
}

/// How requests over REST are limited, per caller; services are exempt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rest {
    /// Requests per second on average.
    pub requests_per_s: u32,
    /// Requests at once after a pause.
    pub requests_burst: u32,
}

/// What is logged, to standard error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// For people or for programs.
    pub format: LogFormat,
    /// From which level on, by part: `info`, `warn,ws_gateway=debug`, …
    pub filter: String,
}

/// For people or for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Lines to read.
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for Http {
    fn default() -> Self {
        let listen = SocketAddr::from(([127, 0, 0, 1], 8080));
        Self { listen, connections_max: 1_024, head_timeout_ms: 10_000 }
    }
}

impl Default for Data {
    fn default() -> Self {
        Self { dir: PathBuf::from("whereabouts-data") }
    }
}

impl Default for Auth {
    fn default() -> Self {
        let word = || "whereabouts".to_owned();
        Self { issuer: word(), audience: word(), leeway_s: 30, keys: Vec::new() }
    }
}

impl Default for Rest {
    fn default() -> Self {
        Self { requests_per_s: 100, requests_burst: 200 }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self { format: LogFormat::Text, filter: "info".to_owned() }
    }
}

/// Why a configuration can't be used.
#[derive(Debug)]
pub struct ConfigError(String);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// Reads a TOML file over the defaults. A key that doesn't exist is an error that names it and its place.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|e| ConfigError(format!("can't read {}: {e}", path.display())))?;
        let config: Self =
            toml::from_str(&text).map_err(|e| ConfigError(format!("{}: {e}", path.display())))?;
        config.validate()?;
        Ok(config)
    }

    /// Says which values can't work, and what would.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let fail = |rule: &str| Err(ConfigError(rule.to_owned()));
        if let Err(rule) = self.gateway.validate() {
            return Err(ConfigError(format!("gateway.{rule}")));
        }
        if self.dev && !self.http.listen.ip().is_loopback() {
            return fail(
                "dev gives tokens to anybody: http.listen must then be a loopback address, such as 127.0.0.1:8080",
            );
        }
        if self.http.connections_max == 0 || self.rest.requests_per_s == 0 {
            return fail("http.connections_max and rest.requests_per_s must be at least 1");
        }
        if let Err(rule) = self.directory.validate() {
            return Err(ConfigError(format!("directory.{rule}")));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commented_default_file_says_what_the_code_does() {
        let from_file: Config = toml::from_str(DEFAULT).expect("valid TOML");
        assert_eq!(from_file, Config::default());
        assert!(from_file.validate().is_ok());
    }

    #[test]
    fn every_key_stands_in_the_default_file() {
        let all = toml::Table::try_from(Config::default()).expect("serialises");
        let documented: toml::Table = toml::from_str(DEFAULT).expect("valid TOML");
        for (section, keys) in &all {
            let Some(keys) = keys.as_table() else {
                assert!(documented.contains_key(section), "{section}");
                continue;
            };
            let written = documented[section].as_table().expect("a section");
            for key in keys.keys() {
                assert!(written.contains_key(key), "{section}.{key} is not in default.toml");
            }
        }
    }

    #[test]
    fn an_unknown_key_is_named() {
        let error = toml::from_str::<Config>("[gateway]\ntlt_ms = 5\n").expect_err("unknown");
        assert!(error.to_string().contains("tlt_ms"), "{error}");
    }

    #[test]
    fn development_mode_stays_on_the_machine() {
        let open = SocketAddr::from(([0, 0, 0, 0], 8080));
        let http = Http { listen: open, ..Http::default() };
        let config = Config { dev: true, http, ..Config::default() };
        assert!(config.validate().is_err());
    }
}
