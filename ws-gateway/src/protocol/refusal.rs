//! How refusals are called on the wire.

use crate::session::fixes::validation::Unshown;
use crate::session::messages::ErrorWord;

/// In the order of the documentation, which is that of the enum.
const WORDS: [(ErrorWord, &str); 10] = [
    (ErrorWord::InvalidJson, "invalid_json"),
    (ErrorWord::InvalidMessage, "invalid_message"),
    (ErrorWord::UnknownType, "unknown_type"),
    (ErrorWord::InvalidFix, "invalid_fix"),
    (ErrorWord::TooManyFixes, "too_many_fixes"),
    (ErrorWord::RateLimited, "rate_limited"),
    (ErrorWord::AlreadyAuthenticated, "already_authenticated"),
    (ErrorWord::NotAuthenticated, "not_authenticated"),
    (ErrorWord::InvalidToken, "invalid_token"),
    (ErrorWord::Unavailable, "unavailable"),
];

impl ErrorWord {
    /// All, in the order of the documentation.
    pub fn all() -> impl Iterator<Item = Self> {
        WORDS.iter().map(|(word, _)| *word)
    }

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        WORDS[self as usize].1
    }
}

impl Unshown {
    /// The `reason` on the wire.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Repeated => "repeated",
            Self::Older => "older",
            Self::TooOld => "too_old",
            Self::Ahead => "ahead",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_in_the_order_of_the_enum() {
        assert!(ErrorWord::all().enumerate().all(|(at, word)| word as usize == at));
    }
}
