//! How ends of connections are numbered on the wire.

use crate::session::messages::CloseCode;

impl CloseCode {
    /// The number on the wire.
    pub fn code(self) -> u16 {
        match self {
            Self::Normal => 1000,
            Self::ProtocolError => 1002,
            Self::UnsupportedData => 1003,
            Self::InvalidUtf8 => 1007,
            Self::MessageTooBig => 1009,
            Self::Restarting => 1012,
            Self::TryAgainLater => 1013,
            Self::SlowClient => 4000,
            Self::Unresponsive => 4001,
            Self::TokenExpired => 4002,
            Self::RateLimited => 4003,
            Self::TooManySessions => 4004,
            Self::AuthTimeout => 4005,
            Self::TokenNotYetValid => 4006,
            Self::Unauthenticated => 4500,
            Self::BadMessages => 4501,
        }
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
        let mut codes: Vec<_> = CloseCode::ALL.iter().map(|code| code.code()).collect();
        let mut names: Vec<_> = CloseCode::ALL.iter().map(|code| code.as_str()).collect();
        assert!(codes.iter().all(|c| !matches!(c, 0..=999 | 1004..=1006 | 1015..=2999)));
        codes.dedup();
        names.sort_unstable();
        names.dedup();
        assert_eq!((codes.len(), names.len()), (CloseCode::ALL.len(), CloseCode::ALL.len()));
    }
}
