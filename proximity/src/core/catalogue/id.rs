use std::fmt;

use model::Random;

/// Crockford's base 32 in small letters, in the order of ASCII.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const CHARS: usize = 13;
const BITS_PER_CHAR: u32 = 5;

/// Which business: 63 random bits, so that a database holds them in a signed integer; as text 13 small letters and digits.
/// Texts, integers and ids have the same order. Made by the server, never used again after a removal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BusinessId(u64);

/// A text that is no [`BusinessId`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not the id of a business: 13 small letters and digits")]
pub struct BusinessIdError;

impl BusinessId {
    /// A new id.
    pub fn random(random: &dyn Random) -> Self {
        Self(random.next_u64() >> 1)
    }

    /// As a database keeps it; `None` for negative ones, which there are not.
    pub fn from_integer(integer: i64) -> Option<Self> {
        u64::try_from(integer).ok().map(Self)
    }

    /// As a database keeps it, never negative.
    pub fn integer(self) -> i64 {
        self.0 as i64
    }

    /// The text, in ASCII.
    pub(crate) fn text(self) -> [u8; CHARS] {
        let mut text = [0; CHARS];
        for (place, byte) in text.iter_mut().rev().enumerate() {
            *byte = ALPHABET[(self.0 >> (BITS_PER_CHAR * place as u32) & 31) as usize];
        }
        text
    }

    /// Reads the text; there is one for each id.
    pub fn parse(text: &str) -> Result<Self, BusinessIdError> {
        if text.len() != CHARS {
            return Err(BusinessIdError);
        }
        let value = text.bytes().try_fold(0_u128, |value, byte| {
            let digit = ALPHABET.iter().position(|&b| b == byte).ok_or(BusinessIdError)?;
            Ok(value << BITS_PER_CHAR | digit as u128)
        })?;
        i64::try_from(value).map(|value| Self(value as u64)).map_err(|_| BusinessIdError)
    }
}

impl fmt::Display for BusinessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(str::from_utf8(&self.text()).expect("the alphabet is ASCII"))
    }
}

impl fmt::Debug for BusinessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use model::SeededRandom;

    use super::*;

    #[test]
    fn texts_and_integers_come_back_and_keep_the_order() {
        let random = SeededRandom::new(1);
        let mut ids: Vec<_> = (0..1_000).map(|_| BusinessId::random(&random)).collect();
        ids.extend([BusinessId(0), BusinessId(i64::MAX as u64)]);
        ids.sort_unstable();
        for id in &ids {
            assert_eq!(BusinessId::parse(&id.to_string()), Ok(*id));
            assert_eq!(BusinessId::from_integer(id.integer()), Some(*id));
        }
        assert!(ids.is_sorted_by_key(ToString::to_string));
        assert!(ids.is_sorted_by_key(|id| id.integer()));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "me", "0123456789abcd", "8000000000000", "0000000000I00", "000000000000é"]
        {
            assert_eq!(BusinessId::parse(text), Err(BusinessIdError), "{text}");
        }
    }
}
