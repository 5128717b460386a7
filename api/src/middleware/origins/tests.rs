use super::*;
use proptest::prelude::*;

fn allowed(entries: &[&str]) -> AllowedOrigins {
    let entries: Vec<_> = entries.iter().map(|&entry| entry.to_owned()).collect();
    AllowedOrigins::parse(&entries).expect("origins")
}

#[test]
fn ways_to_write_an_origin_are_one() {
    for (entry, origin) in [
        ("https://app.example.com", "https://app.example.com:443"),
        ("https://app.example.com:443/", "https://APP.example.com"),
        ("HTTP://App.Example.com", "http://app.example.com:80"),
        (" http://localhost:3000 ", "http://localhost:3000"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("http://[2001:DB8::1]", "http://[2001:db8::1]:80"),
        ("http://[0:0:0:0:0:0:0:1]:3000", "http://[::1]:3000"),
        ("http://[::0001]", "http://[::1]"),
        ("http://[::ffff:1.2.3.4]", "http://[::ffff:102:304]"),
        ("http://192.168.0.10:3000", "http://192.168.0.10:3000"),
        ("https://4u.example.com", "https://4u.example.com"),
        ("https://1.2.3.4.example", "https://1.2.3.4.example"),
        ("https://app.example.com.", "https://app.example.com."),
        ("capacitor://localhost", "capacitor://localhost"),
    ] {
        assert!(allowed(&[entry]).allow(origin), "{entry} {origin}");
    }
}

#[test]
fn what_differs_in_scheme_host_or_port_is_another() {
    let app = allowed(&["https://app.example.com", "http://localhost:3000"]);
    for origin in [
        "http://app.example.com",
        "https://app.example.com:8443",
        "https://app.example.com.evil.com",
        "https://example.com",
        "https://evilapp.example.com",
        "https://app.example.com/",
        "https://app.example.com@evil.com",
        "https://app.example.com:",
        "https://app.example.com:443443",
        "http://localhost",
        "null",
        "",
        "app.example.com",
    ] {
        assert!(!app.allow(origin), "{origin}");
    }
}

#[test]
fn a_star_in_front_stands_for_whole_labels() {
    let below = allowed(&["https://*.example.com", "http://*.dev.example.com:8080"]);
    for origin in
        ["https://a.example.com", "https://a.b.example.com:443", "http://x.dev.example.com:8080"]
    {
        assert!(below.allow(origin), "{origin}");
    }
    for origin in [
        "https://example.com",
        "https://.example.com",
        "https://evilexample.com",
        "https://a.example.com.evil.com",
        "http://a.example.com",
        "https://a.example.com:8443",
        "http://dev.example.com:8080",
        "https://x.dev.example.com:8080",
    ] {
        assert!(!below.allow(origin), "{origin}");
    }
}

#[test]
fn a_star_is_every_page_that_has_an_origin() {
    let any = allowed(&["*"]);
    assert!(any.allow("https://anything.example") && any.allow("capacitor://localhost"));
    assert!(!any.allow("null") && !any.allow("") && !any.allow("nonsense"));
}

#[test]
fn pages_of_the_same_host_may_however_a_proxy_writes_its_port() {
    let none = AllowedOrigins::default();
    for (origin, host) in [
        ("https://example.com:443", "example.com"),
        ("https://example.com", "example.com:443"),
        ("http://example.com", "Example.com:80"),
        ("http://localhost:8080", "localhost:8080"),
        ("http://[::1]:8080", "[::1]:8080"),
        ("http://[::1]:9", "[0:0:0:0:0:0:0:1]:9"),
        ("http://[2001:db8::a]", "[2001:0DB8:0::000A]:80"),
    ] {
        assert!(none.allow_at(origin, Some(host)), "{origin} {host}");
    }
    for (origin, host) in [
        ("https://example.com:8443", Some("example.com")),
        ("https://example.com", Some("example.com:8443")),
        ("https://example.com", Some("evil.com")),
        ("https://example.com", None),
        ("null", Some("null")),
    ] {
        assert!(!none.allow_at(origin, host), "{origin} {host:?}");
    }
}

#[test]
fn what_could_never_match_is_refused_with_what_to_write() {
    for (entry, said) in [
        ("app.example.com", "https://app.example.com"),
        ("null", "null"),
        ("NULL", "null"),
        ("https://app.example.com/shop", "without a path"),
        ("https://ann@example.com", "without a path or a user"),
        ("https://*", "whole labels"),
        ("https://app-*.example.com", "whole labels"),
        ("https://*.*.example.com", "whole labels"),
        ("https://bücher.example", "xn--"),
        ("https://", "https://app.example.com"),
        ("https://example.com:x", "https://app.example.com"),
        ("https://*.[::1]", "no labels"),
        ("https://*.1.2.3.4", "no labels"),
        ("https://*.4", "IPv4"),
        ("https://[zz]", "IPv6"),
        ("https://[::1", "https://app.example.com"),
        ("https://[fe80::1%eth0]", "IPv6"),
        ("https://[1.2.3.4]", "IPv6"),
        ("https://.example.com", "https://app.example.com"),
        ("https://a..b", "https://app.example.com"),
        ("https://example.com..", "https://app.example.com"),
        ("https://.", "https://app.example.com"),
        ("https://256.1.1.1", "IPv4"),
        ("https://1.2.3", "IPv4"),
        ("https://1.2.3.4.5", "IPv4"),
        ("https://1.2.3.4.", "IPv4"),
        ("https://01.02.03.04", "IPv4"),
        ("https://0x7f.1", "IPv4"),
        ("https://127.0.0.0x1", "IPv4"),
        ("https://a.0x", "IPv4"),
        ("http://127.1:3000", "IPv4"),
        ("http://2130706433", "IPv4"),
        ("https://example.5", "IPv4"),
        (&format!("https://{}.example", "a".repeat(64)), "63"),
        (&format!("https://{}", "a.".repeat(127) + "b"), "253"),
        ("ht tp://a", "scheme"),
        ("", "scheme"),
    ] {
        let refused = AllowedOrigins::parse(&[entry.to_owned()]).expect_err(entry);
        assert!(refused.contains(said), "{entry}: {refused}");
    }
}

#[test]
fn a_refusal_says_what_was_compared_and_not_what_is_allowed() {
    let long = format!("https://{}", "x".repeat(10_000));
    let told = Refused { origin: &long, host: Some("shop.example.com") }.to_string();
    assert!(told.contains("shop.example.com") && told.contains("gateway.allowed_origins"));
    assert!(told.len() < 400, "{told}");
}

proptest! {
    #[test]
    fn whatever_is_sent_is_judged_the_same_in_either_case(
        scheme in prop::sample::select(vec!["http://", "https://", "", "://", "wss://"]),
        rest in "[a-zA-Z0-9.:*/\\[\\]_\u{e9} -]{0,40}",
        host in "[a-zA-Z0-9.:\\[\\]]{0,30}",
    ) {
        let allowed = AllowedOrigins::parse(&["https://*.example.com".to_owned()]).expect("an origin");
        let (origin, upper) = (format!("{scheme}{rest}"), format!("{scheme}{}", rest.to_ascii_uppercase()));
        prop_assert_eq!(allowed.allow(&origin), allowed.allow(&upper));
        prop_assert_eq!(allowed.allow_at(&origin, Some(&host)), allowed.allow_at(&upper, Some(&host)));
        // What may stand in the settings is either refused there or can be met.
        let _ = AllowedOrigins::parse(&[origin]);
    }
}
