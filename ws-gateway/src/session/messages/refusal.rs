use model::DeviceId;

model::words! {
    /// Kinds of refused messages: the words in `error`.
    pub enum ErrorWord {
        /// Not one JSON object.
        InvalidJson = "invalid_json",
        /// A field is missing, repeated, or of the wrong type.
        InvalidMessage = "invalid_message",
        /// `type` is none of ours.
        UnknownType = "unknown_type",
        /// A value that a fix must have is missing, of the wrong type or out of its range.
        InvalidFix = "invalid_fix",
        /// More than the limit in one `fixes`.
        TooManyFixes = "too_many_fixes",
        /// More boards than one connection may watch.
        TooManyBoards = "too_many_boards",
        /// More fixes than allowed.
        RateLimited = "rate_limited",
        /// A second `auth`.
        AlreadyAuthenticated = "already_authenticated",
        /// Anything before `auth`.
        NotAuthenticated = "not_authenticated",
        /// `renew` with a token that doesn't do.
        InvalidToken = "invalid_token",
        /// A part of the service can't be reached.
        Unavailable = "unavailable",
    }
}

impl ErrorWord {
    /// Whether a message that is refused so counts as erroneous: a client of which there are too many is broken. What a phone
    /// can't know of doesn't count: values of its sensors, types of messages that this gateway is too old for, and that
    /// others of its user send much too.
    pub(crate) fn is_of_the_client(self) -> bool {
        !matches!(
            self,
            Self::InvalidFix | Self::UnknownType | Self::RateLimited | Self::Unavailable
        )
    }
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

model::words! {
    /// Why the server closes a connection. Clients come back after 1001, 1011–1013 and 4000–4499, and don't after 1002,
    /// 1003, 1007–1009 and 4500–4999.
    pub enum CloseCode {
        /// Answer to the client's own close.
        Normal = "normal",
        /// The client broke RFC 6455.
        ProtocolError = "protocol_error",
        /// A binary message.
        UnsupportedData = "unsupported_data",
        /// A text message that isn't UTF-8.
        InvalidUtf8 = "invalid_utf8",
        /// A message over the limit.
        MessageTooBig = "message_too_big",
        /// The server drains.
        Restarting = "restarting",
        /// The server is full.
        TryAgainLater = "try_again_later",
        /// Nothing could be written for too long.
        SlowClient = "slow_client",
        /// Nothing was read for too long.
        Unresponsive = "unresponsive",
        /// The session outlived its token.
        TokenExpired = "token_expired",
        /// More bytes, messages or control frames than allowed.
        RateLimited = "rate_limited",
        /// One user, too many connections.
        TooManySessions = "too_many_sessions",
        /// No `auth` within the deadline.
        AuthTimeout = "auth_timeout",
        /// The token isn't valid yet: clocks differ, ours or the issuer's.
        TokenNotYetValid = "token_not_yet_valid",
        /// No token, or one that is not valid.
        Unauthenticated = "unauthenticated",
        /// Too many erroneous messages.
        BadMessages = "bad_messages",
    }
}

model::words! {
    /// Why a board isn't watched any more: the reasons in `board_closed`.
    pub enum BoardEnd {
        /// There is no board of this name, or no more.
        NoSuchBoard = "no_such_board",
        /// Users may not read it.
        Forbidden = "forbidden",
        /// The client said so.
        Unwatched = "unwatched",
    }
}
