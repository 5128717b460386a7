use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The longest header that is read, bytes: an address takes 107 at most, the rest are extensions.
pub const PROXY_HEADER_BYTES_MAX: usize = 4_096;

/// What version 1 begins with, and version 2.
const TEXT: &[u8] = b"PROXY ";
const BINARY: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// The longest line of version 1, with its end.
const TEXT_BYTES_MAX: usize = 107;

/// The fixed part of version 2.
const BINARY_HEAD_BYTES: usize = 16;

/// What a proxy says of a connection before anything else (the PROXY protocol, versions 1 and 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyHeader {
    /// It passes on a client from this address.
    Client(IpAddr),
    /// It connects for itself, as for a health check, or doesn't know the client.
    Own,
}

/// What can be told of the first bytes of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyRead {
    /// A header of so many bytes.
    Whole(ProxyHeader, usize),
    /// The beginning of one: all of these bytes belong to it.
    Begun,
}

/// Why there is no header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProxyHeaderError {
    /// It begins like something else.
    #[error("the connection doesn't begin with a header of the PROXY protocol")]
    Missing,
    /// It is longer than [`PROXY_HEADER_BYTES_MAX`], or than a line may be.
    #[error("the header of the PROXY protocol is too long")]
    TooLong,
    /// It begins as one, and isn't.
    #[error("the header of the PROXY protocol is malformed")]
    Malformed,
}

impl ProxyHeader {
    /// Reads the header at the beginning of what has come so far.
    pub fn read(bytes: &[u8]) -> Result<ProxyRead, ProxyHeaderError> {
        if Self::is_begun(bytes, BINARY) {
            return read_binary(bytes);
        }
        if Self::is_begun(bytes, TEXT) {
            return read_text(bytes);
        }
        Err(ProxyHeaderError::Missing)
    }

    /// Whether a connection begins with one, as far as can be told.
    pub fn begins(bytes: &[u8]) -> bool {
        bytes.starts_with(BINARY) || bytes.starts_with(TEXT)
    }

    fn is_begun(bytes: &[u8], with: &[u8]) -> bool {
        let both = bytes.len().min(with.len());
        bytes[..both] == with[..both]
    }
}

fn read_text(bytes: &[u8]) -> Result<ProxyRead, ProxyHeaderError> {
    let line = &bytes[..bytes.len().min(TEXT_BYTES_MAX)];
    let Some(end) = line.iter().position(|byte| *byte == b'\n') else {
        let is_possible = line.len() < TEXT_BYTES_MAX;
        return if is_possible { Ok(ProxyRead::Begun) } else { Err(ProxyHeaderError::TooLong) };
    };
    // Whatever follows, so that it doesn't matter how the bytes come apart.
    let end = end.checked_sub(1).filter(|end| line[*end] == b'\r');
    let end = end.ok_or(ProxyHeaderError::Malformed)?;
    let text = str::from_utf8(&line[TEXT.len()..end]).map_err(|_| ProxyHeaderError::Malformed)?;
    let header = text_header(text).ok_or(ProxyHeaderError::Malformed)?;
    Ok(ProxyRead::Whole(header, end + 2))
}

fn text_header(text: &str) -> Option<ProxyHeader> {
    let mut words = text.split(' ');
    let family = words.next()?;
    if family == "UNKNOWN" {
        // Whatever follows says nothing.
        return Some(ProxyHeader::Own);
    }
    let mut address = || match family {
        "TCP4" => words.next()?.parse::<Ipv4Addr>().ok().map(IpAddr::from),
        "TCP6" => words.next()?.parse::<Ipv6Addr>().ok().map(IpAddr::from),
        _ => None,
    };
    let (source, _destination) = (address()?, address()?);
    let mut port = || {
        let text = words.next()?;
        let is_number = text.bytes().all(|b| b.is_ascii_digit());
        text.parse::<u16>().ok().filter(|_| is_number)
    };
    let _ports = (port()?, port()?);
    words.next().is_none().then_some(ProxyHeader::Client(source))
}

fn read_binary(bytes: &[u8]) -> Result<ProxyRead, ProxyHeaderError> {
    let Some((head, rest)) = bytes.split_first_chunk::<BINARY_HEAD_BYTES>() else {
        return Ok(ProxyRead::Begun);
    };
    let [.., command, family, high, low] = *head;
    let length = usize::from(u16::from_be_bytes([high, low]));
    if BINARY_HEAD_BYTES + length > PROXY_HEADER_BYTES_MAX {
        return Err(ProxyHeaderError::TooLong);
    }
    // Version 2: LOCAL is 0, PROXY 1.
    if !matches!(command, 0x20 | 0x21) {
        return Err(ProxyHeaderError::Malformed);
    }
    let Some(addresses) = rest.get(..length) else { return Ok(ProxyRead::Begun) };
    let is_own = command == 0x20;
    let client = match (is_own, family) {
        // A stream or datagrams over IPv4 or IPv6: the source stands first. Extensions come behind the addresses.
        (false, 0x11 | 0x12) => Some(source::<4, 12>(addresses).map(IpAddr::from)),
        (false, 0x21 | 0x22) => Some(source::<16, 36>(addresses).map(IpAddr::from)),
        // Unspecified, or sockets of the proxy's own machine.
        (false, 0x00 | 0x31 | 0x32) | (true, _) => None,
        (false, _) => return Err(ProxyHeaderError::Malformed),
    };
    let header = match client {
        None => ProxyHeader::Own,
        Some(client) => ProxyHeader::Client(client.ok_or(ProxyHeaderError::Malformed)?),
    };
    Ok(ProxyRead::Whole(header, BINARY_HEAD_BYTES + length))
}

/// The source, of as many bytes, if both addresses and ports are there.
fn source<const SOURCE: usize, const ALL: usize>(addresses: &[u8]) -> Option<[u8; SOURCE]> {
    addresses.first_chunk::<ALL>()?.first_chunk::<SOURCE>().copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn binary(command: u8, family: u8, addresses: &[u8]) -> Vec<u8> {
        let length = (addresses.len() as u16).to_be_bytes();
        [BINARY, &[command, family], &length, addresses].concat()
    }

    fn client(address: &str) -> ProxyHeader {
        ProxyHeader::Client(address.parse().expect("an address"))
    }

    #[test]
    fn the_text_form_names_the_client() {
        for (line, expected) in [
            ("PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n", client("192.0.2.1")),
            ("PROXY TCP6 2001:db8::1 ::1 65535 0\r\n", client("2001:db8::1")),
            ("PROXY UNKNOWN\r\n", ProxyHeader::Own),
            ("PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", ProxyHeader::Own),
        ] {
            let whole = Ok(ProxyRead::Whole(expected, line.len()));
            assert_eq!(ProxyHeader::read(line.as_bytes()), whole, "{line}");
            let and_more = format!("{line}GET / HTTP/1.1\r\n");
            assert_eq!(ProxyHeader::read(and_more.as_bytes()), whole, "{line}");
            for end in 0..line.len() {
                assert_eq!(ProxyHeader::read(&line.as_bytes()[..end]), Ok(ProxyRead::Begun));
            }
        }
    }

    #[test]
    fn the_binary_form_names_the_client() {
        let short = [&[192, 0, 2, 1, 198, 51, 100, 2, 1, 2, 3, 4][..]].concat();
        let long = [&[0x20, 1, 0xd, 0xb8][..], &[0; 11], &[1], &[0; 16], &[1, 2, 3, 4]].concat();
        let extended = [&short[..], &[3, 0, 4, 1, 2, 3, 4, 0xff, 0xff]].concat();
        for (bytes, expected) in [
            (binary(0x21, 0x11, &short), client("192.0.2.1")),
            (binary(0x21, 0x12, &short), client("192.0.2.1")),
            (binary(0x21, 0x11, &extended), client("192.0.2.1")),
            (binary(0x21, 0x21, &long), client("2001:db8::1")),
            (binary(0x20, 0x00, &[]), ProxyHeader::Own),
            (binary(0x20, 0x11, &short), ProxyHeader::Own),
            (binary(0x20, 0xff, &[1, 2, 3]), ProxyHeader::Own),
            (binary(0x21, 0x00, &[]), ProxyHeader::Own),
            (binary(0x21, 0x31, &[0; 216]), ProxyHeader::Own),
        ] {
            let whole = Ok(ProxyRead::Whole(expected, bytes.len()));
            assert_eq!(ProxyHeader::read(&bytes), whole, "{bytes:?}");
            assert_eq!(ProxyHeader::read(&[&bytes[..], b"GET /"].concat()), whole);
            for end in 0..bytes.len() {
                assert_eq!(ProxyHeader::read(&bytes[..end]), Ok(ProxyRead::Begun), "{bytes:?}");
            }
        }
    }

    #[test]
    fn what_is_no_header_is_told_at_once() {
        let refused = |bytes: &[u8]| ProxyHeader::read(bytes).expect_err("no header");
        for bytes in [&b"GET / HTTP/1.1\r\n"[..], b"\x16\x03\x01", b"proxy ", b"PRI", b"\r\n\r\n\r"]
        {
            assert_eq!(refused(bytes), ProxyHeaderError::Missing, "{bytes:?}");
        }
        for line in [
            "PROXY \r\n",
            "PROXY TCP4\r\n",
            "PROXY TCP5 192.0.2.1 198.51.100.2 1 2\r\n",
            "PROXY TCP4 2001:db8::1 ::1 1 2\r\n",
            "PROXY TCP6 192.0.2.1 198.51.100.2 1 2\r\n",
            "PROXY TCP4 192.0.2.1 198.51.100.2 1\r\n",
            "PROXY TCP4 192.0.2.1 198.51.100.2 1 65536\r\n",
            "PROXY TCP4 192.0.2.1 198.51.100.2 1 +2\r\n",
            "PROXY TCP4 192.0.2.1 198.51.100.2 1 2 \r\n",
            "PROXY TCP4  192.0.2.1 198.51.100.2 1 2\r\n",
            "PROXY TCP4 192.0.2.1 198.51.100.2 1 \u{e9}\r\n",
        ] {
            assert_eq!(refused(line.as_bytes()), ProxyHeaderError::Malformed, "{line}");
        }
        for bytes in [
            binary(0x11, 0x11, &[0; 12]),
            binary(0x22, 0x11, &[0; 12]),
            binary(0x21, 0x11, &[0; 11]),
            binary(0x21, 0x21, &[0; 12]),
            binary(0x21, 0x13, &[0; 12]),
            binary(0x21, 0x41, &[0; 12]),
        ] {
            assert_eq!(refused(&bytes), ProxyHeaderError::Malformed, "{bytes:?}");
        }
        let endless = format!("PROXY UNKNOWN {}", "x".repeat(100));
        assert_eq!(refused(endless.as_bytes()), ProxyHeaderError::TooLong);
        assert_eq!(refused(b"PROXY UNKNOWN\n"), ProxyHeaderError::Malformed);
        let longest = binary(0x21, 0x11, &[0; PROXY_HEADER_BYTES_MAX - BINARY_HEAD_BYTES]);
        assert!(matches!(ProxyHeader::read(&longest), Ok(ProxyRead::Whole(..))));
        let too_long = binary(0x21, 0x11, &[0; PROXY_HEADER_BYTES_MAX]);
        assert_eq!(refused(&too_long[..16]), ProxyHeaderError::TooLong);
    }

    proptest! {
        #[test]
        fn no_bytes_are_read_beyond_and_what_is_begun_is_bounded(
            begin in prop::sample::select(vec![&b""[..], TEXT, BINARY, b"PROXY TCP4 1.2.3.4 ", b"\r\n\r\n\0\r\nQUIT\n\x21\x11"]),
            rest in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let bytes = [begin, &rest].concat();
            match ProxyHeader::read(&bytes) {
                Ok(ProxyRead::Whole(_, length)) => prop_assert!(length <= bytes.len() && length <= PROXY_HEADER_BYTES_MAX),
                Ok(ProxyRead::Begun) => prop_assert!(bytes.len() < PROXY_HEADER_BYTES_MAX),
                Err(_) => {}
            }
        }
    }
}
