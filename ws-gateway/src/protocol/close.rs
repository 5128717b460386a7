//! How ends of connections are numbered and called on the wire.

use crate::session::messages::CloseCode;

impl CloseCode {
    /// All, in the order of the documentation.
    pub const ALL: [Self; 16] = [
        Self::Normal,
        Self::ProtocolError,
        Self::UnsupportedData,
        Self::InvalidUtf8,
        Self::MessageTooBig,
        Self::Restarting,
        Self::TryAgainLater,
        Self::SlowClient,
        Self::Unresponsive,
        Self::TokenExpired,
        Self::RateLimited,
        Self::TooManySessions,
        Self::AuthTimeout,
        Self::TokenNotYetValid,
        Self::Unauthenticated,
        Self::BadMessages,
    ];

    /// The number on the wire and the name in the close frame, metrics and documentation.
    pub fn parts(self) -> (u16, &'static str) {
        match self {
            Self::Normal => (1000, "normal"),
            Self::ProtocolError => (1002, "protocol_error"),
            Self::UnsupportedData => (1003, "unsupported_data"),
            Self::InvalidUtf8 => (1007, "invalid_utf8"),
            Self::MessageTooBig => (1009, "message_too_big"),
            Self::Restarting => (1012, "restarting"),
            Self::TryAgainLater => (1013, "try_again_later"),
            Self::SlowClient => (4000, "slow_client"),
            Self::Unresponsive => (4001, "unresponsive"),
            Self::TokenExpired => (4002, "token_expired"),
            Self::RateLimited => (4003, "rate_limited"),
            Self::TooManySessions => (4004, "too_many_sessions"),
            Self::AuthTimeout => (4005, "auth_timeout"),
            Self::TokenNotYetValid => (4006, "token_not_yet_valid"),
            Self::Unauthenticated => (4500, "unauthenticated"),
            Self::BadMessages => (4501, "bad_messages"),
        }
    }

    /// The number on the wire.
    pub fn code(self) -> u16 {
        self.parts().0
    }

    /// The name.
    pub fn name(self) -> &'static str {
        self.parts().1
    }

    /// Whether a client should come back.
    pub fn comes_back(self) -> bool {
        matches!(self.code(), 1001 | 1011..=1013 | 4000..=4499)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_are_unique_and_codes_may_be_sent() {
        let mut codes: Vec<_> = CloseCode::ALL.iter().map(|c| c.code()).collect();
        let mut names: Vec<_> = CloseCode::ALL.iter().map(|c| c.name()).collect();
        assert!(codes.iter().all(|c| !matches!(c, 0..=999 | 1004..=1006 | 1015..=2999)));
        codes.dedup();
        names.sort_unstable();
        names.dedup();
        assert_eq!((codes.len(), names.len()), (CloseCode::ALL.len(), CloseCode::ALL.len()));
    }
}
