use super::der::{FIELD_3, SEQUENCE, any, from_times, value};

/// The extensions (RFC 5280, 4.2.1) that say for what a key is, and what they may say of servers.
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
const ANY_PURPOSE: &[u8] = &[0x55, 0x1d, 0x25, 0x00];
const OF_SERVERS: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];
/// To sign, to encrypt keys, to agree on them: one of these is what TLS needs.
const USAGES_OF_TLS: u8 = 0x80 | 0x20 | 0x08;

const OBJECT_ID: u8 = 0x06;
const BITS: u8 = 0x03;
const BYTES: u8 = 0x04;

/// Says why clients refuse a certificate in DER, if that is because it is for something else than a server. Where it can't be
/// read, clients may think what they want.
pub(super) fn fault(certificate: &[u8]) -> Option<&'static str> {
    let mut extensions = extensions(certificate)?;
    let mut wrong = None;
    while let Some((extension, rest)) = value(extensions, SEQUENCE) {
        extensions = rest;
        let (id, fields) = value(extension, OBJECT_ID)?;
        // Whether it is critical may stand between them.
        let content = match any(fields)? {
            (BYTES, content, _) => content,
            (_, _, fields) => value(fields, BYTES)?.0,
        };
        if id == EXTENDED_KEY_USAGE && !is_for_servers(value(content, SEQUENCE)?.0) {
            wrong = Some(
                "its extendedKeyUsage lacks serverAuth, so that clients refuse it: have one made for a server",
            );
        }
        if id == KEY_USAGE {
            // Behind how many bits of the last byte are unused.
            let usages = value(content, BITS)?.0.get(1).copied().unwrap_or(0);
            if usages & USAGES_OF_TLS == 0 {
                wrong = wrong.or(Some(
                    "its keyUsage is that of an authority, so that clients refuse it: put the server's own certificate first",
                ));
            }
        }
    }
    wrong
}

fn extensions(certificate: &[u8]) -> Option<&[u8]> {
    let mut fields = from_times(certificate)?;
    while let Some((kind, inside, rest)) = any(fields) {
        if kind == FIELD_3 {
            return value(inside, SEQUENCE).map(|(extensions, _)| extensions);
        }
        fields = rest;
    }
    None
}

fn is_for_servers(mut purposes: &[u8]) -> bool {
    while let Some((purpose, rest)) = value(purposes, OBJECT_ID) {
        if purpose == OF_SERVERS || purpose == ANY_PURPOSE {
            return true;
        }
        purposes = rest;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::super::der::INTEGER;
    use super::super::der::test_kit::der;
    use super::*;

    const CRITICAL: &[u8] = &[0x01, 0x01, 0xff];
    const CLIENT: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02];

    fn extension(id: &[u8], critical: &[u8], content: &[u8]) -> Vec<u8> {
        der(SEQUENCE, &[&der(OBJECT_ID, &[id]), critical, &der(BYTES, &[content])])
    }

    fn purposes(all: &[&[u8]]) -> Vec<u8> {
        let all: Vec<_> = all.iter().map(|id| der(OBJECT_ID, &[id])).collect();
        extension(EXTENDED_KEY_USAGE, &[], &der(SEQUENCE, &[&all.concat()]))
    }

    fn usages(bits: u8) -> Vec<u8> {
        extension(KEY_USAGE, CRITICAL, &der(BITS, &[&[0, bits]]))
    }

    fn judged(all: &[Vec<u8>]) -> Option<&'static str> {
        let empty = der(SEQUENCE, &[]);
        let all = der(FIELD_3, &[&der(SEQUENCE, &[&all.concat()])]);
        let before = [der(INTEGER, &[&[1]]), empty.repeat(5)].concat();
        let certificate = der(SEQUENCE, &[&der(SEQUENCE, &[&before, &all]), &empty]);
        for length in 0..certificate.len() {
            let _ = fault(&certificate[..length]);
        }
        fault(&certificate)
    }

    #[test]
    fn a_certificate_for_something_else_than_a_server_is_refused() {
        let other = extension(&[0x55, 0x1d, 0x13], CRITICAL, &[0x30, 0]);
        for right in [
            vec![],
            vec![other.clone()],
            vec![other.clone(), purposes(&[OF_SERVERS]), usages(0x80)],
            vec![purposes(&[CLIENT, OF_SERVERS])],
            vec![purposes(&[ANY_PURPOSE]), usages(0x20)],
            // One that signs itself.
            vec![usages(0x86)],
        ] {
            assert_eq!(judged(&right), None);
        }
        for wrong in [vec![purposes(&[CLIENT])], vec![other, usages(0x06), purposes(&[CLIENT])]] {
            assert!(judged(&wrong).is_some_and(|why| why.contains("serverAuth")));
        }
        assert!(judged(&[usages(0x06)]).is_some_and(|why| why.contains("authority")));
    }
}
