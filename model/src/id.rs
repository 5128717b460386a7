use std::fmt;
use std::sync::Arc;

/// The longest id, in bytes (all allowed characters are one byte long).
const ID_BYTES_MAX: usize = 64;

/// The path segment that stands for the caller; nobody can have it as an id.
const RESERVED: &str = "me";

/// Why a string is no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdFault {
    /// No characters at all.
    Empty,
    /// More than 64 characters.
    TooLong,
    /// A character other than `A–Z a–z 0–9 - _ . ~`.
    Character,
    /// `me`, or only dots, which a URL's path can't carry.
    Reserved,
}

impl fmt::Display for IdFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "is empty; an id has 1 to 64 characters",
            Self::TooLong => "is longer than 64 characters",
            Self::Character => "has a character other than A-Z a-z 0-9 - _ . ~",
            Self::Reserved => "is reserved: \"me\" and ids of dots only can't be used",
        })
    }
}

impl std::error::Error for IdFault {}

fn check(text: &str) -> Result<(), IdFault> {
    if text.is_empty() {
        return Err(IdFault::Empty);
    }
    if text.len() > ID_BYTES_MAX {
        return Err(IdFault::TooLong);
    }
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-_.~".contains(&b);
    if !text.bytes().all(allowed) {
        return Err(IdFault::Character);
    }
    if text == RESERVED || text.bytes().all(|b| b == b'.') {
        return Err(IdFault::Reserved);
    }
    Ok(())
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks the text: 1–64 URL-safe characters (RFC 3986's unreserved ones), not `me`, not only dots.
            pub fn parse(text: &str) -> Result<Self, IdFault> {
                check(text)?;
                Ok(Self(Arc::from(text)))
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdFault;

            fn from_str(text: &str) -> Result<Self, IdFault> {
                Self::parse(text)
            }
        }
    };
}

id! {
    /// Who: an opaque id chosen by the application, the `sub` of its tokens. Cheap to clone.
    UserId
}
id! {
    /// One phone or browser of a user; orders the fixes of a user's devices. Cheap to clone.
    DeviceId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_safe_ids_of_up_to_64_characters_are_accepted() {
        for ok in ["a", "alice", "A-Z_0.9~", &"x".repeat(64), "..a"] {
            assert_eq!(UserId::parse(ok).expect(ok).as_str(), ok);
        }
    }

    #[test]
    fn everything_else_is_refused_with_its_reason() {
        let cases = [
            ("", IdFault::Empty),
            (&"x".repeat(65) as &str, IdFault::TooLong),
            ("a b", IdFault::Character),
            ("a:b", IdFault::Character),
            ("{}", IdFault::Character),
            ("*", IdFault::Character),
            ("a\n", IdFault::Character),
            ("a\0", IdFault::Character),
            ("é", IdFault::Character),
            ("me", IdFault::Reserved),
            (".", IdFault::Reserved),
            ("..", IdFault::Reserved),
        ];
        for (text, fault) in cases {
            assert_eq!(UserId::parse(text), Err(fault), "{text:?}");
        }
    }
}
