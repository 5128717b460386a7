use std::net::{Ipv4Addr, Ipv6Addr};

/// The longest name, and the longest label of one, bytes (RFC 1035).
const NAME_BYTES_MAX: usize = 253;
const LABEL_BYTES_MAX: usize = 63;

/// A host as browsers send it (<https://url.spec.whatwg.org/#host-parsing>): in lower case, and addresses as the same for all
/// ways to write them. Errs with why none is sent like this.
pub(super) fn canonical(host: &str) -> Result<String, &'static str> {
    if let Some(address) = host.strip_prefix('[') {
        let address = address.strip_suffix(']').and_then(|text| text.parse::<Ipv6Addr>().ok());
        return address
            .map(|address| format!("[{address}]"))
            .ok_or("what stands in [ ] is no IPv6 address, as in http://[::1]:3000");
    }
    let name = host.to_ascii_lowercase();
    // One at the end is the root, and a part of the name.
    let labels = name.strip_suffix('.').unwrap_or(&name);
    if labels.len() > NAME_BYTES_MAX || labels.split('.').any(|it| it.len() > LABEL_BYTES_MAX) {
        return Err("no name is that long: 253 characters, and 63 between two dots");
    }
    if labels.split('.').any(str::is_empty) {
        return Err("write it as https://app.example.com or http://localhost:3000");
    }
    let is_of_names = |it: u8| it.is_ascii_alphanumeric() || b"-_.".contains(&it);
    if !labels.bytes().all(is_of_names) {
        return Err("write it as https://app.example.com or http://localhost:3000");
    }
    if labels.rsplit('.').next().is_some_and(is_number) && !is_address(&name) {
        return Err(
            "a host that ends in a number is an IPv4 address, which browsers send as in http://127.0.0.1:3000",
        );
    }
    Ok(name)
}

/// Whether it is an IPv4 address as browsers send it.
pub(super) fn is_address(host: &str) -> bool {
    host.parse::<Ipv4Addr>().is_ok_and(|address| address.to_string() == host)
}

/// Whether browsers take a label for a number, which makes the host an address.
fn is_number(label: &str) -> bool {
    let is_hexadecimal = |digits: &str| digits.bytes().all(|it| it.is_ascii_hexdigit());
    label.bytes().all(|it| it.is_ascii_digit())
        || label.strip_prefix("0x").is_some_and(is_hexadecimal)
}
