use std::net::{SocketAddr, ToSocketAddrs as _};

use serde::{Deserialize, Deserializer, de};

/// Reads where to listen: an address or a name that this machine has, and a port.
///
/// A name is looked up once, here. Of several addresses the first of IPv4 is taken, as `localhost` has one everywhere.
pub(crate) fn parse(text: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let form =
        "must be an address and a port, such as 127.0.0.1:8080, [::1]:8080 or localhost:8080";
    let (host, port) = text.rsplit_once(':').ok_or(form)?;
    if host.is_empty() || host.contains([':', '[', ']', '/', ' ']) || port.parse::<u16>().is_err() {
        return Err(form.to_owned());
    }
    let unknown = |why: String| format!("the name {host} has no address here: {why}");
    let found: Vec<_> = text.to_socket_addrs().map_err(|e| unknown(e.to_string()))?.collect();
    let first = found.iter().find(|address| address.is_ipv4()).or(found.first());
    first.copied().ok_or_else(|| unknown("none was found".to_owned()))
}

/// The same for settings.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<SocketAddr, D::Error> {
    parse(&String::deserialize(from)?).map_err(de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_both_where_to_listen() {
        for (text, expected) in [
            ("127.0.0.1:8080", "127.0.0.1:8080"),
            ("localhost:8080", "127.0.0.1:8080"),
            ("localhost:0", "127.0.0.1:0"),
            ("[::]:80", "[::]:80"),
        ] {
            assert_eq!(parse(text).map(|it| it.to_string()), Ok(expected.to_owned()), "{text}");
        }
        for text in [
            "",
            "8080",
            ":8080",
            "localhost",
            "localhost:",
            "localhost:65536",
            "::1:80",
            "http://localhost:80",
        ] {
            assert!(parse(text).is_err_and(|why| why.starts_with("must be an address")), "{text}");
        }
        assert!(parse("no.such.invalid:80").is_err_and(|why| why.contains("no.such.invalid")));
    }
}
