//! What an issuer publishes: a JWKS, of any bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|json: &[u8]| {
    if let Ok(api::Jwks { keys, .. }) = api::jwks(json) {
        assert!(!keys.is_empty() && keys.len() <= api::JWKS_KEYS_MAX);
        assert!(keys.iter().all(api::VerifyingKey::is_in_use));
    }
});
