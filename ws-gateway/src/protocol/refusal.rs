/// The words in `error`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorWord {
    /// Not one JSON object.
    InvalidJson,
    /// A field is missing, unknown, repeated, or of the wrong type.
    InvalidMessage,
    /// `type` is none of ours.
    UnknownType,
    /// A value out of its range.
    InvalidFix,
    /// More than the limit in one `fixes`.
    TooManyFixes,
    /// More fixes than allowed.
    RateLimited,
    /// A second `auth`.
    AlreadyAuthenticated,
    /// Anything before `auth`.
    NotAuthenticated,
    /// `renew` with a token that doesn't do.
    InvalidToken,
    /// A part of the service can't be reached.
    Unavailable,
}

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

/// Why a message was refused; nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Which kind.
    pub(crate) word: ErrorWord,
    /// What exactly, for the client's developer.
    pub(crate) detail: String,
}

impl Fault {
    /// A refusal with its reason.
    pub(crate) fn new(word: ErrorWord, detail: impl Into<String>) -> Self {
        Self { word, detail: detail.into() }
    }
}
