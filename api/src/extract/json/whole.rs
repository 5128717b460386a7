//! Numbers in bodies, which say what they must be in the words of their range rather than of a type of the program.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};
use serde::{Serialize, Serializer};

/// A whole number, however it is written. The range is what is said of a value that is no whole number at all; one out of it is
/// read, for whoever knows it by a word of its own to refuse. An end that is that of 64 bits isn't said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whole<const MIN: i64, const MAX: i64>(pub i64);

impl<const MIN: i64, const MAX: i64> Serialize for Whole<MIN, MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }
}

impl<'de, const MIN: i64, const MAX: i64> Deserialize<'de> for Whole<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct Number<const MIN: i64, const MAX: i64>;
        impl<const MIN: i64, const MAX: i64> Visitor<'_> for Number<MIN, MAX> {
            type Value = Whole<MIN, MAX>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match (MIN, MAX) {
                    (i64::MIN, i64::MAX) => f.write_str("a whole number"),
                    (min, i64::MAX) => write!(f, "a whole number, at least {min}"),
                    (min, max) => write!(f, "a whole number from {min} to {max}"),
                }
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
                Ok(Whole(number))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
                let wrong = |_| E::invalid_value(Unexpected::Unsigned(number), &self);
                i64::try_from(number).map(Whole).map_err(wrong)
            }
        }
        json.deserialize_i64(Number)
    }
}

/// Milliseconds, which may have a fraction of one: they are rounded up, as a time from or before which something is. One that is
/// beyond 64 bits is the first or last that there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Milliseconds(pub i64);

impl Serialize for Milliseconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }
}

impl<'de> Deserialize<'de> for Milliseconds {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct Ms;
        impl Visitor<'_> for Ms {
            type Value = Milliseconds;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of milliseconds")
            }

            fn visit_i64<E: Error>(self, ms: i64) -> Result<Milliseconds, E> {
                Ok(Milliseconds(ms))
            }

            fn visit_u64<E: Error>(self, ms: u64) -> Result<Milliseconds, E> {
                Ok(Milliseconds(i64::try_from(ms).unwrap_or(i64::MAX)))
            }

            fn visit_f64<E: Error>(self, ms: f64) -> Result<Milliseconds, E> {
                // What is below 0 mustn't become 0, which may be allowed.
                Ok(Milliseconds(if ms < 0.0 { ms.floor() } else { ms.ceil() } as i64))
            }
        }
        json.deserialize_f64(Ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::words::plain;

    fn whole<const MIN: i64, const MAX: i64>(json: &str) -> Result<i64, String> {
        let read = serde_json::from_str::<Whole<MIN, MAX>>(json);
        read.map(|it| it.0).map_err(|error| plain(&error.to_string()))
    }

    #[test]
    fn what_is_no_whole_number_is_told_the_range() {
        for json in ["1.5", "\"5\"", "1e20", "18446744073709551615", "null", "[1]", "{}", "true"] {
            let said = whole::<1, 7>(json).expect_err(json);
            assert!(said.starts_with("must be a whole number from 1 to 7, and is "), "{said}");
            let said = whole::<1, { i64::MAX }>(json).expect_err(json);
            assert!(said.starts_with("must be a whole number, at least 1, and is "), "{said}");
        }
        // These have a word of their own where they are refused.
        assert_eq!(
            ["-1", "8", "0"].map(|json| whole::<1, 7>(json).ok()),
            [Some(-1), Some(8), Some(0)]
        );
    }

    #[test]
    fn milliseconds_are_rounded_up_and_never_to_what_they_are_not() {
        for (json, ms) in [
            ("7", 7),
            ("7.0", 7),
            ("7.2", 8),
            ("1795830555472.5", 1_795_830_555_473),
            ("-0.5", -1),
            ("-7", -7),
            ("1e300", i64::MAX),
            ("18446744073709551615", i64::MAX),
            ("-1e300", i64::MIN),
        ] {
            let read = serde_json::from_str::<Milliseconds>(json).map(|it| it.0).ok();
            assert_eq!(read, Some(ms), "{json}");
        }
        assert!(serde_json::from_str::<Milliseconds>("\"7\"").is_err());
    }
}
