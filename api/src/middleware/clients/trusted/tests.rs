use super::*;
use http::HeaderValue;
use proptest::prelude::*;

fn proxies(header: ClientHeader) -> TrustedProxies {
    let networks = ["10.0.0.0/8", "2001:db8::/32", "192.0.2.7"].map(str::to_owned);
    TrustedProxies::parse(&networks, Some(header)).expect("networks")
}

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn client(header: ClientHeader, peer: &str, name: &'static str, lines: &[&str]) -> String {
    let value = |line: &&str| HeaderValue::from_bytes(line.as_bytes()).expect("a value");
    let headers = lines.iter().map(|line| (HeaderName::from_static(name), value(line)));
    let mut all = HeaderMap::new();
    headers.for_each(|(name, value)| {
        all.append(name, value);
    });
    proxies(header).client(address(peer), &all).to_string()
}

#[test]
fn the_nearest_hop_that_is_no_proxy_of_ours_is_the_client() {
    let plain =
        |peer, lines: &[&str]| client(ClientHeader::XForwardedFor, peer, "x-forwarded-for", lines);
    for (peer, lines, expected) in [
        ("10.0.0.1", &["198.51.100.1"][..], "198.51.100.1"),
        ("10.0.0.1", &["203.0.113.9, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", &["203.0.113.9", "198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", &["198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", &["198.51.100.1", "10.0.0.2, 192.0.2.7", ""], "198.51.100.1"),
        ("2001:db8::5", &["2a00::1"], "2a00::1"),
        ("::ffff:10.0.0.1", &["::ffff:198.51.100.1"], "198.51.100.1"),
        // Our own, behind our own.
        ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        // Whoever isn't trusted says nothing about others.
        ("198.51.100.9", &["198.51.100.1"], "198.51.100.9"),
        ("192.0.2.8", &["198.51.100.1"], "192.0.2.8"),
        // Nothing, or nothing that can be read.
        ("10.0.0.1", &[], "10.0.0.1"),
        ("10.0.0.1", &["198.51.100.1, unknown"], "10.0.0.1"),
        ("10.0.0.1", &["198.51.100.1, garbage, 10.0.0.2"], "10.0.0.1"),
        ("10.0.0.1", &["garbage, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
    ] {
        assert_eq!(plain(peer, lines), expected, "{peer} {lines:?}");
    }
    let forwarded = client(
        ClientHeader::Forwarded,
        "10.0.0.1",
        "forwarded",
        &["for=203.0.113.9", "for=198.51.100.1;proto=https, for=10.0.0.2"],
    );
    assert_eq!(forwarded, "198.51.100.1");
}

#[test]
fn only_the_header_that_is_set_counts() {
    let other = client(ClientHeader::Forwarded, "10.0.0.1", "x-forwarded-for", &["198.51.100.1"]);
    assert_eq!(other, "10.0.0.1");
    let other = client(ClientHeader::XForwardedFor, "10.0.0.1", "forwarded", &["for=198.51.100.1"]);
    assert_eq!(other, "10.0.0.1");
    let none = TrustedProxies::parse(&["10.0.0.0/8".to_owned()], None).expect("a network");
    let headers = HeaderMap::from_iter([(X_FORWARDED_FOR, HeaderValue::from_static("192.0.2.1"))]);
    assert_eq!(none.client(address("10.0.0.1"), &headers), address("10.0.0.1"));
}

#[test]
fn no_number_of_hops_takes_long() {
    let many = ["10.0.0.2"; HOPS_MAX].join(", ");
    let plain =
        |line: &str| client(ClientHeader::XForwardedFor, "10.0.0.1", "x-forwarded-for", &[line]);
    assert_eq!(plain(&many), "10.0.0.2");
    assert_eq!(plain(&format!("198.51.100.1, {many}")), "10.0.0.1");
}

#[test]
fn networks_are_read_or_it_is_said_what_is_wrong() {
    for (text, inside, outside) in [
        ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
        (" 192.0.2.7 ", "192.0.2.7", "192.0.2.8"),
        ("192.0.2.7/32", "::ffff:192.0.2.7", "192.0.2.6"),
        ("::1", "::1", "127.0.0.1"),
        ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1"),
        ("fc00::/7", "fdff::1", "fe80::1"),
        ("::ffff:10.0.0.0/104", "10.1.2.3", "11.0.0.1"),
    ] {
        let networks = TrustedProxies::parse(&[text.to_owned()], None).expect("a network");
        assert!(networks.trusts(address(inside)) && !networks.trusts(address(outside)), "{text}");
    }
    for (text, why) in [
        ("", "neither"),
        ("proxy.example.com", "neither"),
        ("10.0.0.1:80", "neither"),
        ("10.0.0.0/33", "prefix"),
        ("10.0.0.0/", "prefix"),
        ("10.0.0.0/+8", "prefix"),
        ("10.0.0.0/8/8", "prefix"),
        ("2001:db8::/129", "prefix"),
        ("0.0.0.0/0", "anybody"),
        ("8000::/7", "anybody"),
        ("::/0", "anybody"),
        ("::ffff:0.0.0.0/96", "anybody"),
        ("10.0.0.1/8", "behind its prefix"),
        ("2001:db8::1/32", "behind its prefix"),
    ] {
        let refused = TrustedProxies::parse(&[text.to_owned()], None).expect_err(text).to_string();
        assert!(refused.contains(why) && refused.contains(&format!("{text:?}")), "{refused}");
    }
}

proptest! {
    #[test]
    fn whatever_stands_there_the_client_is_read_or_the_peer(line in prop::collection::vec(any::<u8>(), 0..80)) {
        let Ok(value) = HeaderValue::from_bytes(&line) else { return Ok(()) };
        for (header, name) in [(ClientHeader::Forwarded, header::FORWARDED), (ClientHeader::XForwardedFor, X_FORWARDED_FOR)] {
            let headers = HeaderMap::from_iter([(name, value.clone())]);
            let stranger = address("198.51.100.9");
            prop_assert_eq!(proxies(header).client(stranger, &headers), stranger);
            proxies(header).client(address("10.0.0.1"), &headers);
        }
    }
}
