//! What fuzzing begins with (`fuzz/corpus`) of what proxies and browsers send, and what is right of it.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;

use api::{AllowedOrigins, ClientHeader, ProxyHeader, ProxyHeaderError, ProxyRead, TrustedProxies};
use http::{HeaderMap, HeaderName, HeaderValue};

fn corpus(target: &str) -> BTreeMap<String, Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    let files = std::fs::read_dir(folder).expect("a corpus").map(|file| file.expect("a file"));
    let named = |file: std::fs::DirEntry| {
        let name = file.file_name().to_string_lossy().into_owned();
        (name, std::fs::read(file.path()).expect("bytes"))
    };
    files.map(named).collect()
}

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

#[test]
fn origins_that_fuzzing_begins_with_are_compared() {
    let mut allowed = Vec::new();
    let mut refused = Vec::new();
    for (name, bytes) in corpus("origin") {
        let text = String::from_utf8(bytes).expect("text");
        let [entry, origin, host] = text.splitn(3, '\n').collect::<Vec<_>>()[..] else {
            panic!("{name} has three lines")
        };
        let Ok(origins) = AllowedOrigins::parse(&[entry.to_owned()]) else {
            refused.push(name);
            continue;
        };
        allowed.push((name, origins.allow(origin), origins.allow_at(origin, Some(host))));
    }
    assert_eq!(refused, ["big_port", "path", "user"]);
    let expected = [
        ("address", true, true),
        ("any", true, true),
        ("below", true, true),
        ("default_port", true, true),
        ("dot", false, false),
        ("http_port", true, true),
        ("null", false, false),
        ("own", false, true),
        ("slash", false, false),
        ("suffix", false, false),
        ("tail", false, false),
    ];
    assert_eq!(allowed, expected.map(|(name, by_list, at)| (name.to_owned(), by_list, at)));
}

#[test]
fn proxy_headers_that_fuzzing_begins_with_are_read() {
    let four = ProxyHeader::Client(address("192.0.2.1"));
    let six = ProxyHeader::Client(address("2001:db8::1"));
    let counted = ProxyHeader::Client(address("1:203:405:607:809:a0b:c0d:e0f"));
    let expected = BTreeMap::from([
        ("four", Ok(Some(four))),
        ("six", Ok(Some(six))),
        ("unknown", Ok(Some(ProxyHeader::Own))),
        ("port", Err(ProxyHeaderError::Malformed)),
        ("plus", Err(ProxyHeaderError::Malformed)),
        ("other_end", Err(ProxyHeaderError::Malformed)),
        ("two_ends", Err(ProxyHeaderError::Malformed)),
        ("long", Err(ProxyHeaderError::TooLong)),
        ("begun", Ok(None)),
        ("http", Err(ProxyHeaderError::Missing)),
        ("binary_four", Ok(Some(four))),
        ("binary_six", Ok(Some(counted))),
        ("local", Ok(Some(ProxyHeader::Own))),
        ("unix", Ok(Some(ProxyHeader::Own))),
        ("extensions", Ok(Some(four))),
        ("short", Err(ProxyHeaderError::Malformed)),
        ("version_three", Err(ProxyHeaderError::Malformed)),
        ("command", Err(ProxyHeaderError::Malformed)),
        ("huge", Err(ProxyHeaderError::TooLong)),
        ("begun_binary", Ok(None)),
    ]);
    let read: BTreeMap<_, _> = corpus("proxy_header")
        .into_iter()
        .map(|(name, bytes)| {
            let read = ProxyHeader::read(&bytes).map(|read| match read {
                ProxyRead::Whole(header, _) => Some(header),
                ProxyRead::Begun => None,
            });
            (name, read)
        })
        .collect();
    assert_eq!(read, expected.into_iter().map(|(name, read)| (name.to_owned(), read)).collect());
}

#[test]
fn hops_that_fuzzing_begins_with_are_followed() {
    let networks = ["10.0.0.0/8", "2001:db8::/32"].map(str::to_owned);
    let proxy = address("10.0.0.1");
    let client = |name: &'static str, header, bytes: &[u8]| {
        let mut headers = HeaderMap::new();
        for line in bytes.split(|byte| *byte == b'\n') {
            let value = HeaderValue::from_bytes(line).expect("a header");
            headers.append(HeaderName::from_static(name), value);
        }
        let proxies = TrustedProxies::parse(&networks, Some(header)).expect("networks");
        proxies.client(proxy, &headers).to_string()
    };
    let found: BTreeMap<_, _> = corpus("forwarded")
        .into_iter()
        .map(|(name, bytes)| {
            let by_forwarded = client("forwarded", ClientHeader::Forwarded, &bytes);
            (name, (by_forwarded, client("x-forwarded-for", ClientHeader::XForwardedFor, &bytes)))
        })
        .collect();
    let us = "10.0.0.1";
    let expected = [
        ("one", "192.0.2.60", us),
        ("several", "198.51.100.17", us),
        ("plain", us, "203.0.113.195"),
        ("hidden", us, us),
        ("unknown", us, us),
        ("open", us, us),
        ("port", us, "203.0.113.195"),
        ("brackets", us, "192.0.2.1"),
        ("bytes", us, us),
        ("twice", us, us),
        ("zone", us, us),
    ];
    for (name, forwarded, plain) in expected {
        assert_eq!(found[name], (forwarded.to_owned(), plain.to_owned()), "{name}");
    }
}
