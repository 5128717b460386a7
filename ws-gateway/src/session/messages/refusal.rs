use model::DeviceId;

/// Kinds of refused messages: the words in `error`.
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

/// Why a message was refused; nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rejection {
    /// The kind of refusal.
    pub(crate) word: ErrorWord,
    /// What exactly, for the client's developer.
    pub(crate) detail: String,
    /// Whose message it was, if it was of one device.
    pub(crate) device: Option<DeviceId>,
    /// Which fix it was, if it was one.
    pub(crate) seq: Option<u64>,
    /// When the same may be taken, milliseconds from now, if only time is in the way.
    pub(crate) retry_after_ms: Option<u64>,
}

impl Rejection {
    /// A refusal with its reason.
    pub(crate) fn new(word: ErrorWord, detail: impl Into<String>) -> Self {
        Self { word, detail: detail.into(), device: None, seq: None, retry_after_ms: None }
    }
}

/// Why the server closes a connection. Clients come back after 1001, 1011–1013 and 4000–4499, and don't after 1002,
/// 1003, 1007–1009 and 4500–4999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseCode {
    /// Answer to the client's own close.
    Normal,
    /// The client broke RFC 6455.
    ProtocolError,
    /// A binary message.
    UnsupportedData,
    /// A text message that isn't UTF-8.
    InvalidUtf8,
    /// A message over the limit.
    MessageTooBig,
    /// The server drains.
    Restarting,
    /// The server is full.
    TryAgainLater,
    /// Nothing could be written for too long.
    SlowClient,
    /// Nothing was read for too long.
    Unresponsive,
    /// The session outlived its token.
    TokenExpired,
    /// More bytes, messages or control frames than allowed.
    RateLimited,
    /// One user, too many connections.
    TooManySessions,
    /// No `auth` within the deadline.
    AuthTimeout,
    /// The token isn't valid yet: clocks differ, ours or the issuer's.
    TokenNotYetValid,
    /// No token, or one that is not valid.
    Unauthenticated,
    /// Too many erroneous messages.
    BadMessages,
}
