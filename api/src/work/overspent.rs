use model::{ErrorKind, RetryAfterMs};

use crate::Problem;

/// When a heavy request that had no turn may be sent again, milliseconds.
pub(super) const RETRY_MS: u64 = 1_000;

/// Why the work of a request may not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Overspent {
    /// What the caller's last requests cost is more than allowed.
    #[error(
        "the last requests have cost more than allowed; wait and try again, or ask for less each time"
    )]
    InDebt(RetryAfterMs),
    /// The caller has too many heavy requests under way.
    #[error("more costly requests at a time than allowed; send the next one when one is answered")]
    Crowded,
    /// Heavy requests of others took all the time.
    #[error("others have too many costly requests; wait and try again")]
    Busy,
    /// The request itself took all the time that one may take.
    #[error(
        "the request would take longer than {deadline_ms} ms; ask for less, such as a smaller radius or a shorter time"
    )]
    TooExpensive {
        /// So much.
        deadline_ms: u64,
    },
}

impl Overspent {
    /// What kind of failure it is.
    ///
    /// A request that takes too long by itself is larger than allowed in one piece, and the client can ask for less. It
    /// isn't said to be unavailable, since whoever is told to try again later sends the same work again.
    pub fn kind(self) -> ErrorKind {
        match self {
            Self::InDebt(_) | Self::Crowded => ErrorKind::RateLimited,
            Self::Busy => ErrorKind::Unavailable,
            Self::TooExpensive { .. } => ErrorKind::TooLarge,
        }
    }

    /// The word for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::InDebt(_) | Self::Crowded => "rate_limited",
            Self::Busy => "busy",
            Self::TooExpensive { .. } => "too_expensive",
        }
    }
}

impl From<Overspent> for Problem {
    fn from(overspent: Overspent) -> Self {
        let problem = Self::new(overspent.kind(), overspent.code(), overspent.to_string());
        match overspent {
            Overspent::InDebt(RetryAfterMs(ms)) => problem.retry_after_ms(ms),
            Overspent::Crowded | Overspent::Busy => problem.retry_after_ms(RETRY_MS),
            Overspent::TooExpensive { .. } => problem,
        }
    }
}
