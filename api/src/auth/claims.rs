//! The claims of a token, each as it is written: what isn't ours may be of any kind.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use model::Timestamp;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::TokenError;

/// The longest text of a number that is looked at as a subject, digits: no id is longer.
const DIGITS_MAX: usize = 128;

/// The last moment of the year 9999, Unix milliseconds: milliseconds taken for seconds are far beyond.
const START_MS_MAX: i64 = 253_402_300_799_999;

/// One JSON object whose names don't repeat.
pub(super) struct Claims<'a>(BTreeMap<Cow<'a, str>, &'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for Claims<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names;
        impl<'de> Visitor<'de> for Names {
            type Value = Claims<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Claims<'de>, A::Error> {
                let mut claims = BTreeMap::new();
                while let Some((name, value)) = map.next_entry::<Name<'de>, &'de RawValue>()? {
                    if claims.insert(name.0, value).is_some() {
                        return Err(A::Error::custom("a name repeats"));
                    }
                }
                Ok(Claims(claims))
            }
        }
        deserializer.deserialize_map(Names)
    }
}

#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// The name of a claim, or where it lies: the names on the way to it from the outermost.
pub type ClaimPath = Vec<String>;

impl<'a> Claims<'a> {
    /// Reads one JSON object.
    pub(super) fn read(json: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }

    /// The claim as it is written; null counts as absent.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        self.0.get(name).map(|raw| raw.get()).filter(|text| *text != "null")
    }

    /// The claim at the end of the path.
    pub(super) fn at(&self, path: &[String]) -> Option<&'a str> {
        let (first, rest) = path.split_first()?;
        let mut found = self.get(first)?;
        for name in rest {
            found = Claims::read(found.as_bytes())?.get(name)?;
        }
        Some(found)
    }

    /// A time: seconds, possibly with a fraction (RFC 7519, 2).
    pub(super) fn time(&self, name: &'static str) -> Result<Option<Timestamp>, TokenError> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let is_number = text.starts_with(|first: char| first == '-' || first.is_ascii_digit());
        // A number can't be read only if it is beyond the largest of 64 bits.
        let fault = if is_number { TokenError::HugeTime(name) } else { TokenError::BadTime(name) };
        let seconds: f64 = serde_json::from_str(text).map_err(|_| fault)?;
        Ok(Some(Timestamp((seconds * 1_000.0) as i64)))
    }

    /// A time from which on a token counts. One that never comes is told from one that a clock is a little behind.
    pub(super) fn start(&self, name: &'static str) -> Result<Option<Timestamp>, TokenError> {
        let start = self.time(name)?;
        let is_far = start.is_some_and(|start| start.0 > START_MS_MAX);
        if is_far { Err(TokenError::FarAhead(name)) } else { Ok(start) }
    }

    /// A text.
    pub(super) fn text(&self, name: &'static str) -> Result<Option<Cow<'a, str>>, TokenError> {
        let Some(text) = self.get(name) else { return Ok(None) };
        text_of(text).map(Some).ok_or(TokenError::NotText(name))
    }
}

/// The text that a value is, if it is one.
pub(super) fn text_of(value: &str) -> Option<Cow<'_, str>> {
    serde_json::from_str::<Name<'_>>(value).ok().map(|text| text.0)
}

/// The texts of a list; what else is in it is passed over. None for what is no list.
pub(super) fn texts_of(value: &str) -> Option<Vec<Cow<'_, str>>> {
    let values: Vec<&RawValue> = serde_json::from_str(value).ok()?;
    Some(values.into_iter().filter_map(|value| text_of(value.get())).collect())
}

/// A subject: a text as it is, or an integer by its digits. Fractions and exponents are refused rather than rounded, which
/// would make one of two people.
pub(super) fn subject_of(value: &str) -> Result<Cow<'_, str>, TokenError> {
    if let Some(text) = text_of(value) {
        return Ok(text);
    }
    if !value.starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
        return Err(TokenError::SubjectKind);
    }
    if value.len() <= DIGITS_MAX && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(value.into());
    }
    Err(TokenError::SubjectNumber)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_a_subject_by_its_digits_only() {
        for taken in ["0", "42", "9007199254740993", "12345678901234567890123"] {
            assert_eq!(subject_of(taken).as_deref(), Ok(taken));
        }
        for refused in ["42.0", "4.2e1", "1e3", "1E3", "-1", "-0", "0.0", &"1".repeat(129)] {
            assert_eq!(subject_of(refused), Err(TokenError::SubjectNumber), "{refused}");
        }
        for refused in ["true", "[1]", "{}", "[\"a\"]"] {
            assert_eq!(subject_of(refused), Err(TokenError::SubjectKind), "{refused}");
        }
        assert_eq!(subject_of("\"\\u0061\"").as_deref(), Ok("a"));
    }

    #[test]
    fn a_nested_claim_is_found_by_its_names_and_by_nothing_else() {
        let claims = br#"{"a":{"b":{"c":"x"}},"a.b":"y","https://app.example/role":"z","n":null}"#;
        let claims = Claims::read(claims).expect("an object");
        let at = |path: &[&str]| {
            let path: ClaimPath = path.iter().map(ToString::to_string).collect();
            claims.at(&path).and_then(text_of)
        };
        assert_eq!(at(&["a", "b", "c"]).as_deref(), Some("x"));
        assert_eq!(at(&["a.b"]).as_deref(), Some("y"));
        assert_eq!(at(&["https://app.example/role"]).as_deref(), Some("z"));
        for absent in
            [&["a"][..], &["a", "b"], &["a", "x"], &["n"], &["n", "x"], &["a.b", "c"], &[]]
        {
            assert_eq!(at(absent), None, "{absent:?}");
        }
    }

    #[test]
    fn what_is_no_object_or_repeats_a_name_is_no_claims() {
        for text in
            ["", "[]", "1", "{\"a\":1,\"a\":1}", r#"{"a":1,"\u0061":1}"#, "{} x", "{\"a\":\"\\x\"}"]
        {
            assert!(Claims::read(text.as_bytes()).is_none(), "{text}");
        }
        assert!(Claims::read(b"{\"a\":\xff}").is_none());
        assert!(Claims::read(b"{\"\xff\":1}").is_none());
    }
}
