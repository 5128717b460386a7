use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::{HeaderMap, HeaderName, header};

use super::forwarded;

/// The header in which proxies say whose request they pass on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientHeader {
    /// `Forwarded` (RFC 7239).
    Forwarded,
    /// `X-Forwarded-For`.
    XForwardedFor,
}

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Hops that are looked at, from the nearest on.
const HOPS_MAX: usize = 32;

/// Proxies whose word counts, and where they say who the client is.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies {
    networks: Vec<ProxyNetwork>,
    header: Option<ClientHeader>,
}

impl TrustedProxies {
    /// Reads addresses and networks such as `10.0.0.0/8` and `2001:db8::/32`; says which one can't be meant.
    pub fn parse(texts: &[String], header: Option<ClientHeader>) -> Result<Self, ProxyError> {
        let networks = texts.iter().map(|text| {
            ProxyNetwork::parse(text).map_err(|why| ProxyError { text: text.clone(), why })
        });
        Ok(Self { networks: networks.collect::<Result<_, _>>()?, header })
    }

    /// Whether this is one of them.
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|network| network.contains(address))
    }

    /// Who is the client of a request that came from `peer`: the nearest hop that is no proxy of ours, as those on the way say. Whoever
    /// isn't trusted is the client, whatever they say; so is a trusted one that says nothing, or nothing that can be read.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let Some(header) = self.header.filter(|_| self.trusts(peer)) else { return peer };
        match header {
            ClientHeader::Forwarded => {
                self.nearest(peer, headers, &header::FORWARDED, forwarded::hops)
            }
            ClientHeader::XForwardedFor => {
                self.nearest(peer, headers, &X_FORWARDED_FOR, forwarded::plain_hops)
            }
        }
    }

    fn nearest(
        &self,
        peer: IpAddr,
        headers: &HeaderMap,
        name: &HeaderName,
        hops: fn(&[u8]) -> Vec<Option<IpAddr>>,
    ) -> IpAddr {
        let lines: Vec<_> = headers.get_all(name).iter().collect();
        let hops = lines.iter().rev().flat_map(|line| hops(line.as_bytes()).into_iter().rev());
        let mut client = peer;
        for (count, hop) in hops.enumerate() {
            let Some(hop) = hop.filter(|_| count < HOPS_MAX) else { return peer };
            client = hop.to_canonical();
            if !self.trusts(client) {
                break;
            }
        }
        client
    }
}

/// What stands for no proxy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} {why}")]
pub struct ProxyError {
    text: String,
    why: ProxyFault,
}

/// What is wrong with the text of a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ProxyFault {
    Address,
    Prefix,
    Everybody,
    HostBits,
}

impl fmt::Display for ProxyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Address => {
                "is neither an address nor a network: write 10.0.0.5, 10.0.0.0/8 or 2001:db8::/32"
            }
            Self::Prefix => {
                "has a prefix that is no number, or too long: /8 … /32 for IPv4, /8 … /128 for IPv6"
            }
            Self::Everybody => {
                "would let nearly anybody choose their address: name the networks of your proxies"
            }
            Self::HostBits => {
                "has bits behind its prefix: write the network with zeros there, or a longer prefix"
            }
        })
    }
}

/// The shortest prefix of a network of proxies, bits.
const PREFIX_BITS_MIN: u32 = 8;

/// What networks of one's own are taken from (RFC 4193): nobody else comes from there.
const UNIQUE_LOCAL: (IpAddr, u32) = (IpAddr::V6(Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0)), 7);

/// An address, or all that begin alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct ProxyNetwork {
    first: IpAddr,
    prefix_bits: u32,
}

impl ProxyNetwork {
    fn parse(text: &str) -> Result<Self, ProxyFault> {
        let (address, prefix) =
            text.trim().split_once('/').map_or((text.trim(), None), |(a, p)| (a, Some(p)));
        let address: IpAddr = address.parse().map_err(|_| ProxyFault::Address)?;
        let bits_max = if address.is_ipv4() { Ipv4Addr::BITS } else { u128::BITS };
        let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        let prefix_bits = match prefix {
            None => bits_max,
            Some(text) if is_number(text) => text.parse().map_err(|_| ProxyFault::Prefix)?,
            Some(_) => return Err(ProxyFault::Prefix),
        };
        if prefix_bits > bits_max {
            return Err(ProxyFault::Prefix);
        }
        // What IPv6 writes of an IPv4 network is that network.
        let mapped = bits_max - Ipv4Addr::BITS;
        let (first, prefix_bits) = match address.to_canonical() {
            short @ IpAddr::V4(_) if address.is_ipv6() && prefix_bits >= mapped => {
                (short, prefix_bits - mapped)
            }
            _ => (address, prefix_bits),
        };
        if prefix_bits < PREFIX_BITS_MIN && (first, prefix_bits) != UNIQUE_LOCAL {
            return Err(ProxyFault::Everybody);
        }
        let network = Self { first, prefix_bits };
        if network.start(first) == first { Ok(network) } else { Err(ProxyFault::HostBits) }
    }

    fn contains(&self, address: IpAddr) -> bool {
        address.is_ipv4() == self.first.is_ipv4() && self.start(address) == self.first
    }

    /// The address without what stands behind the prefix.
    fn start(&self, address: IpAddr) -> IpAddr {
        match address {
            IpAddr::V4(it) => {
                let mask = u32::MAX.checked_shl(32 - self.prefix_bits).unwrap_or(0);
                IpAddr::from((u32::from(it) & mask).to_be_bytes())
            }
            IpAddr::V6(it) => {
                let mask = u128::MAX.checked_shl(128 - self.prefix_bits).unwrap_or(0);
                IpAddr::from((u128::from(it) & mask).to_be_bytes())
            }
        }
    }
}

#[cfg(test)]
mod tests;
