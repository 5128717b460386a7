//! What proxies write about those whose requests they pass on. A hop that can't be read is `None`; none is left out, since whoever
//! stands left of it may have made all of that up.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The hops of a line of `X-Forwarded-For`, the nearest last.
pub(super) fn plain_hops(line: &[u8]) -> Vec<Option<IpAddr>> {
    let elements = line.split(|b| *b == b',').map(<[u8]>::trim_ascii);
    elements.filter(|element| !element.is_empty()).map(|element| node(unquoted(element))).collect()
}

/// The hops of a line of `Forwarded` (RFC 7239, 4), the nearest last. A line that isn't well-formed is one that can't be read.
pub(super) fn hops(line: &[u8]) -> Vec<Option<IpAddr>> {
    elements(line).unwrap_or_else(|| vec![None])
}

fn elements(line: &[u8]) -> Option<Vec<Option<IpAddr>>> {
    let mut hops = Vec::new();
    for element in split(line, b',')? {
        if element.is_empty() {
            continue;
        }
        let mut nodes = Vec::new();
        for pair in split(element, b';')? {
            if pair.is_empty() {
                continue;
            }
            let at = pair.iter().position(|b| *b == b'=')?;
            let (name, value) = (&pair[..at], &pair[at + 1..]);
            if name.trim_ascii().eq_ignore_ascii_case(b"for") {
                nodes.push(node(unquoted(value.trim_ascii())));
            }
        }
        // Who stands there twice, or not at all, isn't known.
        hops.push(if let [node] = nodes[..] { node } else { None });
    }
    Some(hops)
}

/// Splits at a separator that isn't quoted; `None` if a quoted text never ends.
fn split(text: &[u8], separator: u8) -> Option<Vec<&[u8]>> {
    let (mut pieces, mut start, mut is_quoted, mut is_escaped) = (Vec::new(), 0, false, false);
    for (at, byte) in text.iter().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            byte if *byte == separator && !is_quoted => {
                pieces.push(text[start..at].trim_ascii());
                start = at + 1;
            }
            _ => {}
        }
    }
    pieces.push(text[start..].trim_ascii());
    (!is_quoted).then_some(pieces)
}

/// Without quotes around it. Nothing in an address needs an escape.
fn unquoted(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\"")).unwrap_or(text)
}

/// An address, perhaps with a port; not `unknown`, nor a name that a proxy made up (`_hidden`).
fn node(text: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(text).ok()?;
    if let Some(rest) = text.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        let is_whole = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        return address.parse().ok().filter(|_| is_whole).map(|it: Ipv6Addr| it.into());
    }
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    let (address, port) = text.split_once(':')?;
    address.parse().ok().filter(|_| is_port(port)).map(|it: Ipv4Addr| it.into())
}

/// A number, or a name that a proxy made up (RFC 7239, 6).
fn is_port(text: &str) -> bool {
    let obfuscated = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    match text.strip_prefix('_') {
        Some(name) => !name.is_empty() && name.bytes().all(obfuscated),
        None => (1..=5).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(hops: Vec<Option<IpAddr>>) -> Vec<String> {
        hops.into_iter().map(|hop| hop.map_or("?".to_owned(), |it| it.to_string())).collect()
    }

    #[test]
    fn every_hop_of_x_forwarded_for_is_read_or_known_to_be_unreadable() {
        for (line, expected) in [
            ("192.0.2.1", &["192.0.2.1"][..]),
            ("192.0.2.1, 198.51.100.2", &["192.0.2.1", "198.51.100.2"]),
            (" 192.0.2.1 ,,  198.51.100.2 , ", &["192.0.2.1", "198.51.100.2"]),
            ("192.0.2.1:4711", &["192.0.2.1"]),
            ("2001:db8::1", &["2001:db8::1"]),
            ("[2001:db8::1]", &["2001:db8::1"]),
            ("[2001:db8::1]:4711", &["2001:db8::1"]),
            ("\"192.0.2.1\"", &["192.0.2.1"]),
            ("", &[]),
            (",", &[]),
            ("unknown", &["?"]),
            ("_hidden, 192.0.2.1", &["?", "192.0.2.1"]),
            ("192.0.2.1 198.51.100.2", &["?"]),
            ("192.0.2.256", &["?"]),
            ("192.0.2.01", &["?"]),
            ("192.0.2.1:port", &["?"]),
            ("192.0.2.1:", &["?"]),
            ("192.0.2.1:123456", &["?"]),
            ("fe80::1%eth0", &["?"]),
            ("[2001:db8::1", &["?"]),
            ("[192.0.2.1]", &["?"]),
            ("[2001:db8::1]4711", &["?"]),
            ("localhost", &["?"]),
            ("\u{e9}, 192.0.2.1", &["?", "192.0.2.1"]),
        ] {
            assert_eq!(texts(plain_hops(line.as_bytes())), expected, "{line}");
        }
    }

    #[test]
    fn every_hop_of_forwarded_is_read_or_known_to_be_unreadable() {
        for (line, expected) in [
            ("for=192.0.2.1", &["192.0.2.1"][..]),
            ("FOR = \"192.0.2.1\" ; proto=https", &["192.0.2.1"]),
            ("proto=https;for=192.0.2.1;by=203.0.113.43", &["192.0.2.1"]),
            ("for=192.0.2.1, for=198.51.100.2", &["192.0.2.1", "198.51.100.2"]),
            (", for=192.0.2.1,, ;for=198.51.100.2;,", &["192.0.2.1", "198.51.100.2"]),
            ("for=\"192.0.2.1:47011\"", &["192.0.2.1"]),
            ("for=192.0.2.1:_port", &["192.0.2.1"]),
            ("for=\"[2001:db8:cafe::17]:4711\"", &["2001:db8:cafe::17"]),
            ("for=\"[2001:db8:cafe::17]\"", &["2001:db8:cafe::17"]),
            ("for=\"[2001:db8:cafe::17]:_a.b-c\"", &["2001:db8:cafe::17"]),
            ("for=\"2001:db8:cafe::17\"", &["2001:db8:cafe::17"]),
            ("for=unknown", &["?"]),
            ("for=_gazonk, for=192.0.2.1", &["?", "192.0.2.1"]),
            ("for=\"_SEVKISEK\"", &["?"]),
            ("proto=https", &["?"]),
            ("for=192.0.2.1;for=192.0.2.1", &["?"]),
            // What is quoted separates nothing.
            ("for=192.0.2.1;host=\"a, for=198.51.100.2\"", &["192.0.2.1"]),
            ("for=192.0.2.1;host=\"a\\\", for=198.51.100.2\"", &["192.0.2.1"]),
            ("for=192.0.2.1;host=\"a;for=198.51.100.2\"", &["192.0.2.1"]),
            // Nothing of a line is believed whose quotes don't match.
            ("for=\"192.0.2.1, for=198.51.100.2", &["?"]),
            ("for=192.0.2.1\", for=198.51.100.2", &["?"]),
            ("192.0.2.1", &["?"]),
            ("for=", &["?"]),
            ("", &[]),
        ] {
            assert_eq!(texts(hops(line.as_bytes())), expected, "{line}");
        }
    }

    proptest! {
        #[test]
        fn what_a_proxy_adds_is_read_whatever_stood_before(
            before in prop::collection::vec(any::<u8>(), 0..60),
            last in any::<IpAddr>(),
        ) {
            let line = [&before[..], format!(", {last}").as_bytes()].concat();
            let read = plain_hops(&line);
            prop_assert_eq!(read.last(), Some(&Some(last)));
            let bracketed = match last { IpAddr::V6(it) => format!("[{it}]"), IpAddr::V4(it) => it.to_string() };
            let line = [&before[..], format!(", for=\"{bracketed}\"").as_bytes()].concat();
            // Or not at all, if it can't be told where it begins.
            let read = hops(&line);
            let is_last = read.last() == Some(&Some(last));
            prop_assert!(is_last || read.last() == Some(&None), "{:?}", read);
        }
    }
}
