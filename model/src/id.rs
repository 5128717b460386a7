use std::fmt;
use std::sync::Arc;

/// What an id may be made of. All allowed characters are one byte long.
struct Rule {
    bytes_max: usize,
    allows: fn(u8) -> bool,
    /// The allowed characters, in words.
    allowed: &'static str,
}

/// What issuers of tokens have as subjects: `auth0|…`, `f:…:…`, mail addresses. What is left out would have to be escaped in
/// JSON, or would end a part of a URL's path.
const USER: Rule = Rule {
    bytes_max: 128,
    allows: |byte| byte.is_ascii_graphic() && !b"\"'\\/?#%".contains(&byte),
    allowed: "printable ASCII without space, quotes, backslash and / ? # %",
};

/// RFC 3986's unreserved characters.
const UNRESERVED: Rule = Rule {
    bytes_max: 64,
    allows: |byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte),
    allowed: "A-Z a-z 0-9 - _ . ~",
};

/// The path segment that stands for the caller; nobody can have it as an id.
const RESERVED: &str = "me";

/// Why a string is no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// No characters at all.
    #[error("is empty; an id has at least 1 character")]
    Empty,
    /// More characters than these.
    #[error("is longer than {0} characters")]
    TooLong(usize),
    /// A character other than these.
    #[error("has a character other than {0}")]
    Character(&'static str),
    /// `me`, or only dots, which a URL's path can't carry.
    #[error("is reserved: \"me\" and ids of dots only can't be used")]
    Reserved,
}

impl Rule {
    fn check(&self, text: &str) -> Result<(), IdError> {
        if text.is_empty() {
            return Err(IdError::Empty);
        }
        if text.len() > self.bytes_max {
            return Err(IdError::TooLong(self.bytes_max));
        }
        if !text.bytes().all(self.allows) {
            return Err(IdError::Character(self.allowed));
        }
        if text == RESERVED || text.bytes().all(|b| b == b'.') {
            return Err(IdError::Reserved);
        }
        Ok(())
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $rule:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks the text: its length and characters, and that it is neither `me` nor only dots.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                $rule.check(text)?;
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
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::parse(text)
            }
        }
    };
}

id! {
    /// Who: an opaque id chosen by the application or its issuer, the `sub` of its tokens: 1–128 printable ASCII characters
    /// without space, quotes, backslash and `/ ? # %`, case-sensitive. Cheap to clone.
    UserId, USER
}
id! {
    /// One phone or browser of a user; orders the fixes of a user's devices: 1–64 characters of `A–Z a–z 0–9 - _ . ~`.
    /// Cheap to clone.
    DeviceId, UNRESERVED
}
id! {
    /// A leaderboard, by the name that its deployment gave it: 1–64 characters of `A–Z a–z 0–9 - _ . ~`. Cheap to clone.
    BoardId, UNRESERVED
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_ids_are_what_issuers_have() {
        let ok = [
            "a",
            "alice",
            "A-Z_0.9~",
            "..a",
            "auth0|5f7c8ec7c33c6c004bbafe82",
            "f:8a2b:alice",
            "alice+phone@example.com",
            "=cmd|<b>*[x]^$`{}&;,!()",
            &"x".repeat(128),
        ];
        for text in ok {
            assert_eq!(UserId::parse(text).expect(text).as_str(), text);
        }
    }

    #[test]
    fn user_ids_need_no_escape_in_json() {
        let all: String =
            (0..=u8::MAX).filter(|byte| (USER.allows)(*byte)).map(char::from).collect();
        assert_eq!(all.len(), 94 - 7);
        assert_eq!(serde_json::to_string(&all).expect("text"), format!("\"{all}\""));
    }

    #[test]
    fn device_ids_are_url_safe() {
        for ok in ["a", "A-Z_0.9~", &"x".repeat(64)] {
            assert_eq!(DeviceId::parse(ok).expect(ok).as_str(), ok);
        }
        for bad in ["a|b", "a@b", "a:b", "*", "{}"] {
            assert_eq!(DeviceId::parse(bad), Err(IdError::Character(UNRESERVED.allowed)), "{bad}");
        }
        assert_eq!(DeviceId::parse(&"x".repeat(65)), Err(IdError::TooLong(64)));
    }

    #[test]
    fn everything_else_is_refused_with_its_reason() {
        let character = IdError::Character(USER.allowed);
        let cases = [
            ("", IdError::Empty),
            (&"x".repeat(129) as &str, IdError::TooLong(128)),
            ("a b", character),
            ("a/b", character),
            ("a\\b", character),
            ("a%2Fb", character),
            ("a?b", character),
            ("a#b", character),
            ("\"a\"", character),
            ("o'neill", character),
            ("a\n", character),
            ("a\0", character),
            ("a\x7f", character),
            ("é", character),
            ("me", IdError::Reserved),
            (".", IdError::Reserved),
            ("..", IdError::Reserved),
        ];
        for (text, fault) in cases {
            assert_eq!(UserId::parse(text), Err(fault), "{text:?}");
        }
    }
}
