use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use api::{BasePath, TrustedProxies};
use model::Faults;
use serde::{Deserialize, Serialize};

use super::address;

/// What `connections_max` may be.
const CONNECTIONS: RangeInclusive<usize> = 1..=10_000_000;
/// What `head_timeout_ms` may be.
const HEAD_TIMEOUT_MS: RangeInclusive<u64> = 100..=600_000;
/// The longest `drain_ms`.
const DRAIN_MS_MAX: u64 = 60_000;

/// Where operators' programs ask, unless the settings say otherwise.
const OPERATIONS_LISTEN: ([u8; 4], u16) = ([127, 0, 0, 1], 9_464);

/// Where and how to listen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// Address or name, and port; port 0 takes a free one.
    #[serde(deserialize_with = "address::deserialize")]
    pub listen: SocketAddr,
    /// Connections that are no WebSockets (yet).
    pub connections_max: usize,
    /// How long a client may take to send the head of a request, milliseconds.
    pub head_timeout_ms: u64,
    /// How long a process with roles goes on serving after it was told to go, with `/ready` red, so that balancers send
    /// nothing new; milliseconds, at most 60,000. A process without roles has no balancer before it, and doesn't wait.
    pub drain_ms: u64,
    /// Proxies whose word about clients counts: addresses and networks.
    pub trusted_proxies: Vec<String>,
    /// Where these say whose request they pass on.
    pub client_header: ClientHeader,
    /// Every connection has to begin with a header of the PROXY protocol, by one of them.
    pub proxy_protocol: bool,
    /// The path under which the service is reached, such as `/geo`; empty: the root.
    pub base_path: String,
    /// The certificate, if TLS ends here.
    pub tls: TlsFiles,
}

/// The files of a certificate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TlsFiles {
    /// The chain in PEM, the server's own certificate first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_file: Option<PathBuf>,
    /// Its private key in PEM, without a password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
}

impl TlsFiles {
    /// Certificate and key, if TLS ends here.
    pub(crate) fn pair(&self) -> Result<Option<(&Path, &Path)>, String> {
        match (&self.certificate_file, &self.key_file) {
            (None, None) => Ok(None),
            (Some(certificate), Some(key)) => Ok(Some((certificate, key))),
            (Some(_), None) => {
                Err("tls.key_file is missing: a certificate needs its key".to_owned())
            }
            (None, Some(_)) => {
                Err("tls.certificate_file is missing: a key needs its certificate".to_owned())
            }
        }
    }
}

/// Where proxies say whose request they pass on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClientHeader {
    /// Nowhere.
    #[default]
    None,
    /// `Forwarded` (RFC 7239).
    Forwarded,
    /// `X-Forwarded-For`.
    XForwardedFor,
}

/// Where operators ask how the process does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Operations {
    /// Address or name, and port, of `/metrics`, `/live` and `/ready`; port 0 takes a free one.
    #[serde(deserialize_with = "address::deserialize")]
    pub listen: SocketAddr,
}

impl Default for Http {
    fn default() -> Self {
        let listen = SocketAddr::from(([127, 0, 0, 1], 8080));
        Self {
            listen,
            connections_max: 1_024,
            head_timeout_ms: 10_000,
            drain_ms: 3_000,
            trusted_proxies: Vec::new(),
            client_header: ClientHeader::None,
            proxy_protocol: false,
            base_path: String::new(),
            tls: TlsFiles::default(),
        }
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

    /// Whether both can't be listened on.
    pub(super) fn collides_with(&self, other: SocketAddr) -> bool {
        // Those of IPv4 may be written as ones of IPv6.
        let (own, other) =
            [self.listen, other].map(|it| (it.ip().to_canonical(), it.port())).into();
        let shared = own.0 == other.0 || own.0.is_unspecified() || other.0.is_unspecified();
        !self.takes_any_port() && own.1 == other.1 && own.1 != 0 && shared
    }
}

impl Http {
    /// Whose word about clients counts.
    pub(crate) fn proxies(&self) -> Result<TrustedProxies, String> {
        let header = match self.client_header {
            ClientHeader::None => None,
            ClientHeader::Forwarded => Some(api::ClientHeader::Forwarded),
            ClientHeader::XForwardedFor => Some(api::ClientHeader::XForwardedFor),
        };
        if header.is_some() && self.trusted_proxies.is_empty() {
            return Err(
                "client_header is believed from nobody: name the proxies in trusted_proxies"
                    .to_owned(),
            );
        }
        if self.proxy_protocol && self.trusted_proxies.is_empty() {
            return Err("proxy_protocol is taken from nobody: name the proxies in trusted_proxies"
                .to_owned());
        }
        TrustedProxies::parse(&self.trusted_proxies, header)
            .map_err(|error| format!("trusted_proxies: {error}"))
    }

    /// Says which values can't work, and what would.
    pub(super) fn validate(&self) -> Result<(), Faults> {
        let mut faults = Faults::default();
        faults.unless_in(&CONNECTIONS, "connections_max", self.connections_max);
        faults.unless_in(&HEAD_TIMEOUT_MS, "head_timeout_ms", self.head_timeout_ms);
        faults.unless_in(&(0..=DRAIN_MS_MAX), "drain_ms", self.drain_ms);
        faults.check(self.tls.pair().map(drop));
        let base_path = BasePath::parse(&self.base_path).map(drop);
        faults.check(base_path.map_err(|rule| format!("base_path {rule}")));
        let parse = |text| TrustedProxies::parse(std::slice::from_ref(text), None);
        let wrong: Vec<_> = self.trusted_proxies.iter().filter_map(|it| parse(it).err()).collect();
        if wrong.is_empty() {
            faults.check(self.proxies().map(drop));
        }
        for error in wrong {
            faults.add(format!("trusted_proxies: {error}"));
        }
        faults.result()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_ipv4_is_the_same_however_it_is_written() {
        let at = |text: &str| text.parse::<SocketAddr>().expect("an address");
        let collide = |own: &str, other| Operations { listen: at(own) }.collides_with(at(other));
        for (own, other) in [
            ("127.0.0.1:1", "127.0.0.1:1"),
            ("127.0.0.1:1", "[::ffff:127.0.0.1]:1"),
            ("[::ffff:127.0.0.1]:1", "127.0.0.1:1"),
            ("127.0.0.1:1", "[::ffff:0.0.0.0]:1"),
            ("[::ffff:0.0.0.0]:1", "10.0.0.1:1"),
            ("[::1]:1", "[::]:1"),
        ] {
            assert!(collide(own, other), "{own} {other}");
        }
        for (own, other) in [
            ("127.0.0.1:1", "[::ffff:127.0.0.1]:2"),
            ("[::ffff:127.0.0.1]:1", "127.0.0.2:1"),
            ("127.0.0.1:1", "[::1]:1"),
            ("127.0.0.1:0", "127.0.0.1:0"),
        ] {
            assert!(!collide(own, other), "{own} {other}");
        }
    }
}
