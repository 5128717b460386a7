use std::fmt;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// A value written down in exactly one way, so that requests can be compared by a digest of it: across processes, versions
/// of the program, and whatever its types are called.
///
/// Whoever writes a value says which field gets which tag, in an order that never changes; a field that is absent isn't
/// written. A field is its tag (a byte), the length of its content (four bytes, the lowest first) and its content: text in
/// UTF-8, a number or the bits of a fraction in eight bytes, the lowest first, or fields again. Field 0 of the whole names
/// what kind of value it is, so that values of different kinds never compare as equal.
#[derive(Debug)]
pub struct Canonical {
    bytes: Vec<u8>,
}

/// SHA-256 of a value's canonical form, and which version of the form it is of.
///
/// A form is changed by writing a new version; one that stored digests are of is kept until they have aged out.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CanonicalDigest {
    version: u8,
    sha256: [u8; 32],
}

impl Canonical {
    /// A value of this kind, such as `proximity.mutation`; nothing of it is written yet.
    pub fn new(kind: &str) -> Self {
        let mut this = Self { bytes: Vec::new() };
        this.text(0, kind);
        this
    }

    /// Writes a field of text.
    pub fn text(&mut self, tag: u8, text: &str) {
        self.field(tag, text.as_bytes());
    }

    /// Writes a field of text, if there is one.
    pub fn optional_text(&mut self, tag: u8, text: Option<&str>) {
        if let Some(text) = text {
            self.text(tag, text);
        }
    }

    /// Writes a field that is a number.
    pub fn number(&mut self, tag: u8, number: u64) {
        self.field(tag, &number.to_le_bytes());
    }

    /// Writes a field that is a fraction, to the last bit: 0 and −0 differ.
    pub fn fraction(&mut self, tag: u8, fraction: f64) {
        self.field(tag, &fraction.to_bits().to_le_bytes());
    }

    /// Writes a field that has fields itself, such as a list, whose items may all have one tag.
    pub fn nested(&mut self, tag: u8, write: impl FnOnce(&mut Self)) {
        let mut inner = Self { bytes: Vec::new() };
        write(&mut inner);
        self.field(tag, &inner.bytes);
    }

    fn field(&mut self, tag: u8, content: &[u8]) {
        self.bytes.push(tag);
        self.bytes.extend_from_slice(&(content.len() as u32).to_le_bytes());
        self.bytes.extend_from_slice(content);
    }

    /// The digest of what was written, in this version of the form.
    pub fn digest(&self, version: u8) -> CanonicalDigest {
        CanonicalDigest { version, sha256: Sha256::digest(&self.bytes).into() }
    }
}

impl CanonicalDigest {
    /// How many bytes a digest has.
    pub const BYTES: usize = 33;

    /// As a store keeps it that keeps bytes: the version and SHA-256.
    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [self.version; Self::BYTES];
        bytes[1..].copy_from_slice(&self.sha256);
        bytes
    }

    /// Reads what a store kept.
    pub fn from_bytes([version, sha256 @ ..]: [u8; Self::BYTES]) -> Self {
        Self { version, sha256 }
    }

    /// As a store keeps it that keeps text: the version and SHA-256 in hexadecimal digits, 66.
    pub fn to_hex(self) -> String {
        HEXLOWER.encode(&[&[self.version][..], &self.sha256].concat())
    }

    /// Reads what a store kept; `None` for anything else.
    pub fn from_hex(hex: &str) -> Option<Self> {
        let bytes = HEXLOWER.decode(hex.as_bytes()).ok()?;
        let (version, sha256) = bytes.split_first()?;
        Some(Self { version: *version, sha256: sha256.try_into().ok()? })
    }
}

impl fmt::Debug for CanonicalDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Canonical)) -> Vec<u8> {
        let mut value = Canonical::new("k");
        write(&mut value);
        value.bytes
    }

    #[test]
    fn the_form_is_tags_lengths_and_contents() {
        let bytes = written(|value| {
            value.text(1, "ab");
            value.optional_text(2, None);
            value.number(3, 258);
            value.nested(4, |list| list.text(1, ""));
        });
        let whole: [&[u8]; 4] = [
            &[0, 1, 0, 0, 0, b'k'],
            &[1, 2, 0, 0, 0, b'a', b'b'],
            &[3, 8, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0],
            &[4, 5, 0, 0, 0, 1, 0, 0, 0, 0],
        ];
        assert_eq!(bytes, whole.concat());
    }

    #[test]
    fn what_differs_is_written_differently() {
        let all = [
            written(|_| {}),
            written(|value| value.text(1, "ab")),
            written(|value| value.text(2, "ab")),
            written(|value| {
                value.text(1, "a");
                value.text(1, "b");
            }),
            written(|value| value.nested(1, |list| list.text(1, "ab"))),
            written(|value| value.fraction(1, 0.0)),
            written(|value| value.fraction(1, -0.0)),
            Canonical::new("other").bytes,
        ];
        for (n, one) in all.iter().enumerate() {
            assert!(all[..n].iter().all(|other| other != one), "{n}");
        }
    }

    #[test]
    fn a_digest_comes_back_with_its_version() {
        let digest = Canonical::new("k").digest(1);
        assert_eq!(CanonicalDigest::from_hex(&digest.to_hex()), Some(digest));
        assert_ne!(digest, Canonical::new("k").digest(2));
        assert_eq!(CanonicalDigest::from_hex(&digest.to_hex()[1..]), None);
        assert_eq!(CanonicalDigest::from_hex(""), None);
        assert_eq!(CanonicalDigest::from_bytes(digest.to_bytes()), digest);
        assert_eq!(digest.to_bytes()[0], 1);
    }
}
