use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The part of an IPv6 address that names a network: whoever has one has all addresses in it.
const IPV6_NETWORK: u128 = !0 << 64;

/// Whose connections are counted together as long as nobody has said who they are: an IPv4 address, or a /64 of IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClientNetwork(IpAddr);

impl From<IpAddr> for ClientNetwork {
    fn from(address: IpAddr) -> Self {
        // An IPv4 client of a listener for both comes as an IPv6 address.
        Self(match address.to_canonical() {
            IpAddr::V6(long) => IpAddr::V6(Ipv6Addr::from(u128::from(long) & IPV6_NETWORK)),
            short @ IpAddr::V4(_) => short,
        })
    }
}

impl Default for ClientNetwork {
    /// Where nothing is known of the client.
    fn default() -> Self {
        Self(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> ClientNetwork {
        ClientNetwork::from(text.parse::<IpAddr>().expect("an address"))
    }

    #[test]
    fn addresses_count_together_that_one_client_can_choose_among() {
        for (one, other) in [
            ("192.0.2.1", "192.0.2.1"),
            ("192.0.2.1", "::ffff:192.0.2.1"),
            ("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff"),
            ("2001:db8:0:1::", "2001:db8:0:1:8000::"),
        ] {
            assert_eq!(network(one), network(other), "{one} {other}");
        }
        for (one, other) in [
            ("192.0.2.1", "192.0.2.2"),
            ("2001:db8:0:1::", "2001:db8:0:2::"),
            // Neither are all mapped ones one network, nor is one of them that of the loopback address.
            ("::ffff:192.0.2.1", "::ffff:192.0.2.2"),
            ("::1", "::ffff:0.0.0.1"),
        ] {
            assert_ne!(network(one), network(other), "{one} {other}");
        }
    }
}
