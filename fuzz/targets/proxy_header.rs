//! The first bytes of a connection that a proxy passes on, however they come apart.
#![no_main]

use api::{PROXY_HEADER_BYTES_MAX, ProxyHeader, ProxyRead};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    match ProxyHeader::read(bytes) {
        Ok(ProxyRead::Whole(header, length)) => {
            assert!(length <= bytes.len() && length <= PROXY_HEADER_BYTES_MAX);
            assert!(ProxyHeader::begins(bytes));
            let of = |bytes| ProxyHeader::read(bytes);
            assert_eq!(of(&bytes[..length]), Ok(ProxyRead::Whole(header, length)));
            for come in 0..length {
                assert_eq!(of(&bytes[..come]), Ok(ProxyRead::Begun), "{come} of {length}");
            }
        }
        Ok(ProxyRead::Begun) => assert!(bytes.len() < PROXY_HEADER_BYTES_MAX),
        Err(_) => {}
    }
});
