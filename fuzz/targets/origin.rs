//! An entry of `gateway.allowed_origins`, an `Origin` and a `Host`, each on a line.
#![no_main]

use api::{AllowedOrigins, Refused};
use libfuzzer_sys::fuzz_target;

/// More than is ever told of two headers.
const TOLD_CHARACTERS_MAX: usize = 4_096;

fuzz_target!(|text: &str| {
    let mut lines = text.splitn(3, '\n');
    let mut line = || lines.next().unwrap_or_default();
    let (entry, origin, host) = (line(), line(), line());
    let told = Refused { origin, host: Some(host) }.to_string();
    assert!(told.chars().count() < TOLD_CHARACTERS_MAX);
    let Ok(allowed) = AllowedOrigins::parse(&[entry.to_owned()]) else { return };
    let scheme = |text: &str| text.trim().split(':').next().unwrap_or_default().to_lowercase();
    if allowed.allow(origin) {
        assert!(allowed.allow_at(origin, None) && allowed.allow_at(origin, Some(host)));
        assert_ne!(origin.trim().to_lowercase(), "null");
        assert!(entry.trim() == "*" || scheme(entry) == scheme(origin));
    }
});
