use std::fmt;
use std::io::Write;

use http::{HeaderMap, HeaderName, HeaderValue};
use model::Random;

/// The longest request id that is taken from a client, bytes.
pub const REQUEST_ID_BYTES_MAX: usize = 64;

pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The name of a request in the log, in its answer's header `x-request-id` and in a problem.
///
/// It is kept in place: every request has one, and few are ever read.
#[derive(PartialEq, Eq)]
pub(super) struct RequestId {
    text: [u8; REQUEST_ID_BYTES_MAX],
    bytes: usize,
}

impl RequestId {
    /// The client's own id, if there is one and it is fit for a log; a new one of 16 hexadecimal digits otherwise.
    pub(super) fn from_headers(headers: &HeaderMap, random: &dyn Random) -> Self {
        Self::given(headers).unwrap_or_else(|| Self::made(random.next_u64()))
    }

    fn given(headers: &HeaderMap) -> Option<Self> {
        let mut all = headers.get_all(X_REQUEST_ID).iter();
        let (Some(value), None) = (all.next(), all.next()) else { return None };
        let allowed = |b: &u8| b.is_ascii_alphanumeric() || b"-_.~".contains(b);
        let given = value.as_bytes();
        if given.is_empty() || !given.iter().all(allowed) {
            return None;
        }
        let mut text = [0; REQUEST_ID_BYTES_MAX];
        text.get_mut(..given.len())?.copy_from_slice(given);
        Some(Self { text, bytes: given.len() })
    }

    fn made(number: u64) -> Self {
        let mut text = [0; REQUEST_ID_BYTES_MAX];
        let mut rest = &mut text[..];
        write!(rest, "{number:016x}").expect("16 digits have room");
        Self { text, bytes: 16 }
    }

    /// The id as text: 1 to [`REQUEST_ID_BYTES_MAX`] characters of `A–Z a–z 0–9 - _ . ~`.
    pub(super) fn as_str(&self) -> &str {
        str::from_utf8(&self.text[..self.bytes]).expect("only ASCII was let in")
    }

    pub(super) fn header(&self) -> HeaderValue {
        HeaderValue::from_str(self.as_str()).expect("its characters are those of a header")
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::SeededRandom;
    use std::collections::HashSet;

    #[test]
    fn made_ids_are_sixteen_digits_and_never_the_same() {
        let random = SeededRandom::new(7);
        let made: Vec<RequestId> =
            (0..10_000).map(|_| RequestId::from_headers(&HeaderMap::new(), &random)).collect();
        let texts: HashSet<&str> = made.iter().map(RequestId::as_str).collect();
        assert_eq!(texts.len(), made.len());
        let hexadecimal = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        assert!(texts.iter().all(|text| text.len() == 16 && text.bytes().all(hexadecimal)));
        assert_eq!(RequestId::made(0xab).as_str(), "00000000000000ab");
    }

    #[test]
    fn the_longest_id_of_a_client_is_kept_and_a_longer_one_replaced() {
        let of = |text: &str| {
            let value = HeaderValue::from_str(text).expect("a value");
            RequestId::given(&HeaderMap::from_iter([(X_REQUEST_ID, value)]))
        };
        let longest = "x".repeat(REQUEST_ID_BYTES_MAX);
        assert_eq!(of(&longest).expect("fits").as_str(), longest);
        assert_eq!(of(&format!("{longest}x")), None);
    }
}
