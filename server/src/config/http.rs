use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

const DRAIN_MS_MAX: u64 = 60_000;

/// Where operators' programs ask, unless the settings say otherwise.
const OPERATIONS_LISTEN: ([u8; 4], u16) = ([127, 0, 0, 1], 9_464);

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
    /// How long a process with roles goes on serving after it was told to go, with `/ready` red, so that balancers send
    /// nothing new; milliseconds, at most 60,000. A process without roles has no balancer before it, and doesn't wait.
    pub drain_ms: u64,
}

/// Where operators ask how the process does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Operations {
    /// Address and port of `/metrics`, `/live` and `/ready`; port 0 takes a free one.
    pub listen: SocketAddr,
}

impl Default for Http {
    fn default() -> Self {
        let listen = SocketAddr::from(([127, 0, 0, 1], 8080));
        Self { listen, connections_max: 1_024, head_timeout_ms: 10_000, drain_ms: 3_000 }
    }
}

impl Default for Operations {
    fn default() -> Self {
        Self { listen: SocketAddr::from(OPERATIONS_LISTEN) }
    }
}

impl Operations {
    /// Whether another free port does as well: several processes of one machine that say nothing shall all start.
    pub(crate) fn takes_any_port(&self) -> bool {
        *self == Self::default()
    }
}

impl Http {
    /// Says which values can't work, and what would.
    pub(super) fn validate(&self) -> Result<(), String> {
        if self.connections_max == 0 {
            return Err("connections_max must be at least 1".to_owned());
        }
        if self.drain_ms > DRAIN_MS_MAX {
            return Err(format!("drain_ms must be at most {DRAIN_MS_MAX}"));
        }
        Ok(())
    }
}
