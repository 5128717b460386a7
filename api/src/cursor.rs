use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use model::ErrorKind;

use crate::Problem;

/// The longest cursor that is looked at, bytes.
pub const CURSOR_BYTES_MAX: usize = 1_024;

/// Where a walk over the pages of a list stands. Opaque to clients: it names the list and the last item seen.
///
/// The checksum finds accidents and curiosity, not forgers: a cursor opens nothing that its list wouldn't.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    last: String,
}

impl Cursor {
    /// Behind `last` (without a line feed), which names an item uniquely in its list.
    pub fn after(last: impl Into<String>) -> Self {
        Self { last: last.into() }
    }

    /// The item behind which the next page starts.
    pub fn last(&self) -> &str {
        &self.last
    }

    /// As text, for the list `list`, whose name should tell whose it is and have no line feed: `friends/alice`.
    pub fn encode(&self, list: &str) -> String {
        let sum = hexadecimal(checksum(list, &self.last));
        BASE64URL_NOPAD
            .encode(&[&sum, "\n".as_bytes(), list.as_bytes(), b"\n", self.last.as_bytes()].concat())
    }

    /// Reads a cursor that must belong to `list`.
    pub fn decode(text: &str, list: &str) -> Result<Self, Problem> {
        let invalid = |detail| Problem::new(ErrorKind::Invalid, "invalid_cursor", detail);
        let decoded = (text.len() <= CURSOR_BYTES_MAX)
            .then(|| BASE64URL_NOPAD.decode(text.as_bytes()).ok())
            .flatten()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .ok_or_else(|| invalid("cursor is not one that this service gave"))?;
        let mut parts = decoded.splitn(3, '\n');
        let (Some(sum), Some(of), Some(item)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(invalid("cursor is not one that this service gave"));
        };
        if sum.as_bytes() != hexadecimal(checksum(of, item)) {
            return Err(invalid("cursor was changed on its way"));
        }
        if of != list {
            return Err(invalid("cursor belongs to another list"));
        }
        Ok(Self::after(item))
    }
}

/// Eight digits. Every page has a cursor, and the machinery of `format!` takes longer than all the rest of one.
fn hexadecimal(sum: u32) -> [u8; 8] {
    let mut digits = [0; 8];
    HEXLOWER.encode_mut(&sum.to_be_bytes(), &mut digits);
    digits
}

/// FNV-1a, 32 bits (<http://www.isthe.com/chongo/tech/comp/fnv/>).
fn checksum(list: &str, item: &str) -> u32 {
    let bytes = list.bytes().chain([b'\n']).chain(item.bytes());
    bytes.fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_have_eight_digits() {
        for sum in [0, 1, 0x0012_ab9f, u32::MAX] {
            assert_eq!(&hexadecimal(sum), format!("{sum:08x}").as_bytes());
        }
    }

    #[test]
    fn comes_back_as_it_went() {
        let text = Cursor::after("bob").encode("friends/alice");
        assert_eq!(Cursor::decode(&text, "friends/alice"), Ok(Cursor::after("bob")));
    }

    #[test]
    fn is_refused_when_tampered_with_or_from_another_list() {
        let text = Cursor::after("bob").encode("friends/alice");
        let foreign = Cursor::decode(&text, "blocks/alice").expect_err("another list");
        assert_eq!(foreign.code(), "invalid_cursor");
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).expect("ASCII");
            assert!(Cursor::decode(&changed, "friends/alice").is_err(), "{changed}");
        }
        for nonsense in ["", "x", "!!!!", "AAAA", &"A".repeat(10_000)] {
            assert!(Cursor::decode(nonsense, "friends/alice").is_err());
        }
    }
}
