//! What proxies say of a request, in either header, one of them on each line.
#![no_main]

use std::net::{IpAddr, Ipv4Addr};

use api::{ClientHeader, TrustedProxies};
use http::{HeaderMap, HeaderName, HeaderValue};
use libfuzzer_sys::fuzz_target;

const PROXY: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
const STRANGER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

fuzz_target!(|bytes: &[u8]| {
    let networks = ["10.0.0.0/8", "2001:db8::/32"].map(str::to_owned);
    for (name, header) in
        [("forwarded", ClientHeader::Forwarded), ("x-forwarded-for", ClientHeader::XForwardedFor)]
    {
        let mut headers = HeaderMap::new();
        for line in bytes.split(|byte| *byte == b'\n') {
            if let Ok(value) = HeaderValue::from_bytes(line) {
                headers.append(HeaderName::from_static(name), value);
            }
        }
        let proxies = TrustedProxies::parse(&networks, Some(header)).expect("networks");
        assert_eq!(proxies.client(STRANGER, &headers), STRANGER);
        let client = proxies.client(PROXY, &headers);
        assert_eq!(client, client.to_canonical(), "one name for each address");
        let deaf = TrustedProxies::parse(&networks, None).expect("networks");
        assert_eq!(deaf.client(PROXY, &headers), PROXY);
    }
});
