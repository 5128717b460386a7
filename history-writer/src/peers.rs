//! The port by which a process asks another one what lies in its log, and its adapter.

pub(crate) mod client;
pub(crate) mod message;

use std::fmt;
use std::sync::Arc;

use futures_util::future::BoxFuture;

/// The longest address, bytes.
const ADDRESS_BYTES_MAX: usize = 255;
/// The longest question, bytes.
pub const QUESTION_BYTES_MAX: usize = 1_024;
/// The longest answer, bytes.
pub const ANSWER_BYTES_MAX: usize = 1 << 20;
/// The path at which a process is asked.
pub const WAITING_PATH: &str = "/internal/v1/history/waiting";

/// Where a process is asked: `host:port`, by HTTP.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerAddress(Arc<str>);

/// Text that isn't the address of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be like 10.0.0.5:8080 or http://gateway-1.internal:8080")]
pub struct NoAddress;

impl PeerAddress {
    /// `host:port`, perhaps with `http://` before it.
    pub fn parse(text: &str) -> Result<Self, NoAddress> {
        let text = text.strip_prefix("http://").unwrap_or(text);
        let text = text.strip_suffix('/').unwrap_or(text);
        let authority: http::uri::Authority = text.parse().map_err(|_| NoAddress)?;
        let is_whole = authority.port_u16().is_some_and(|port| port > 0)
            && !authority.host().is_empty()
            && !text.contains('@')
            && text.len() <= ADDRESS_BYTES_MAX;
        if is_whole { Ok(Self(text.into())) } else { Err(NoAddress) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PeerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeerError {
    /// Nobody is there, or nothing that can be an answer came.
    #[error("it can't be reached: {0}")]
    Unreachable(String),
    /// Whoever is there doesn't answer this question; `code` is its reason.
    #[error("it refuses to answer: {status}")]
    Refused {
        /// The HTTP status.
        status: u16,
    },
    /// The answer is longer than [`ANSWER_BYTES_MAX`].
    #[error("its answer is too long")]
    TooLong,
    /// The answer isn't sealed by the deployment's key, or isn't one to this question.
    #[error("its answer isn't one of this deployment")]
    NotOurs,
}

/// Carries questions to other processes, and answers back. Both are sealed: it needn't be trusted.
///
/// **Order.** None: questions are asked at the same moment, of one process too.
///
/// **Replay.** A question may reach a process several times, and changes nothing there.
///
/// **On an error.** The caller does without the answer, and says that it may lack something. It bounds how long it waits: a
/// question that is dropped is given up.
pub trait Peers: Send + Sync {
    /// Asks the process at an address; the answer has [`ANSWER_BYTES_MAX`] at most.
    fn ask<'a>(
        &'a self,
        address: &'a PeerAddress,
        question: Vec<u8>,
    ) -> BoxFuture<'a, Result<Vec<u8>, PeerError>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_host_and_a_port() {
        for text in ["10.0.0.5:8080", "http://10.0.0.5:8080", "http://10.0.0.5:8080/"] {
            assert_eq!(
                PeerAddress::parse(text).map(|it| it.to_string()),
                Ok("10.0.0.5:8080".into())
            );
        }
        for text in ["gateway-1:80", "[::1]:8080", "gateway.example.com:65535"] {
            assert_eq!(PeerAddress::parse(text).as_ref().map(PeerAddress::as_str), Ok(text));
        }
        let long = format!("{}:80", "a".repeat(ADDRESS_BYTES_MAX));
        for text in [
            "",
            ":80",
            "host",
            "host:",
            "host:0",
            "host:65536",
            "https://host:1",
            "a b:1",
            "u@host:1",
            "u:p@host:1",
            "host:1/path",
            "host:1?x",
            "http://http://host:1",
            &long,
        ] {
            assert_eq!(PeerAddress::parse(text), Err(NoAddress), "{text}");
        }
    }
}
