//! What certificates are written in (X.690), as far as it is needed to look into one.

pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const INTEGER: u8 = 0x02;
/// The field of this number of a sequence that may lack some, with its own kind inside.
pub(super) const FIELD_0: u8 = 0xa0;
pub(super) const FIELD_3: u8 = 0xa3;

/// What stands in a value of this kind, and what stands behind it.
pub(super) fn value(der: &[u8], kind: u8) -> Option<(&[u8], &[u8])> {
    let (found, inside, rest) = any(der)?;
    (found == kind).then_some((inside, rest))
}

/// The kind of a value, what stands in it, and what stands behind it.
pub(super) fn any(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&kind, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        // So many bytes with the length follow.
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (bytes.iter().fold(0, |all, byte| all << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (inside, rest) = rest.split_at_checked(length)?;
    Some((kind, inside, rest))
}

/// What stands in a certificate (RFC 5280, 4.1) behind its issuer: times first, then its subject.
pub(super) fn from_times(certificate: &[u8]) -> Option<&[u8]> {
    let (signed, _) = value(certificate, SEQUENCE)?;
    let (mut fields, _) = value(signed, SEQUENCE)?;
    if let Some((_, rest)) = value(fields, FIELD_0) {
        fields = rest;
    }
    // The serial number, the algorithm and the issuer.
    for kind in [INTEGER, SEQUENCE, SEQUENCE] {
        fields = value(fields, kind)?.1;
    }
    Some(fields)
}

#[cfg(test)]
pub(super) mod test_kit {
    /// A value of this kind.
    pub(in super::super) fn der(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
        let inner = parts.concat();
        let length = u8::try_from(inner.len()).expect("short");
        let length = if length < 0x80 { vec![length] } else { vec![0x81, length] };
        [vec![kind], length, inner].concat()
    }
}
