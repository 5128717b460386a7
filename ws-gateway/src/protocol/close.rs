//! How ends of connections are numbered and called on the wire.

use crate::session::messages::CloseCode;

/// In the order of the documentation, which is that of the enum.
const TABLE: [(CloseCode, u16, &str); 16] = [
    (CloseCode::Normal, 1000, "normal"),
    (CloseCode::ProtocolError, 1002, "protocol_error"),
    (CloseCode::UnsupportedData, 1003, "unsupported_data"),
    (CloseCode::InvalidUtf8, 1007, "invalid_utf8"),
    (CloseCode::MessageTooBig, 1009, "message_too_big"),
    (CloseCode::Restarting, 1012, "restarting"),
    (CloseCode::TryAgainLater, 1013, "try_again_later"),
    (CloseCode::SlowClient, 4000, "slow_client"),
    (CloseCode::Unresponsive, 4001, "unresponsive"),
    (CloseCode::TokenExpired, 4002, "token_expired"),
    (CloseCode::RateLimited, 4003, "rate_limited"),
    (CloseCode::TooManySessions, 4004, "too_many_sessions"),
    (CloseCode::AuthTimeout, 4005, "auth_timeout"),
    (CloseCode::TokenNotYetValid, 4006, "token_not_yet_valid"),
    (CloseCode::Unauthenticated, 4500, "unauthenticated"),
    (CloseCode::BadMessages, 4501, "bad_messages"),
];

impl CloseCode {
    /// All, in the order of the documentation.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|(code, ..)| *code)
    }

    /// The number on the wire.
    pub fn code(self) -> u16 {
        TABLE[self as usize].1
    }

    /// The name in the close frame, metrics and documentation.
    pub fn name(self) -> &'static str {
        TABLE[self as usize].2
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
        let mut codes: Vec<_> = CloseCode::all().map(CloseCode::code).collect();
        let mut names: Vec<_> = CloseCode::all().map(CloseCode::name).collect();
        assert!(codes.iter().all(|c| !matches!(c, 0..=999 | 1004..=1006 | 1015..=2999)));
        assert!(CloseCode::all().enumerate().all(|(at, code)| code as usize == at), "as the enum");
        codes.dedup();
        names.sort_unstable();
        names.dedup();
        assert_eq!((codes.len(), names.len()), (TABLE.len(), TABLE.len()));
    }
}
