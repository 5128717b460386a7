//! How refusals are called on the wire.

use crate::session::fixes::validation::Unshown;
use crate::session::messages::ErrorWord;

impl ErrorWord {
    /// All, in the order of the documentation.
    pub const ALL: [Self; 10] = [
        Self::InvalidJson,
        Self::InvalidMessage,
        Self::UnknownType,
        Self::InvalidFix,
        Self::TooManyFixes,
        Self::RateLimited,
        Self::AlreadyAuthenticated,
        Self::NotAuthenticated,
        Self::InvalidToken,
        Self::Unavailable,
    ];

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidJson => "invalid_json",
            Self::InvalidMessage => "invalid_message",
            Self::UnknownType => "unknown_type",
            Self::InvalidFix => "invalid_fix",
            Self::TooManyFixes => "too_many_fixes",
            Self::RateLimited => "rate_limited",
            Self::AlreadyAuthenticated => "already_authenticated",
            Self::NotAuthenticated => "not_authenticated",
            Self::InvalidToken => "invalid_token",
            Self::Unavailable => "unavailable",
        }
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
