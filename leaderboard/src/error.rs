use api::Problem;
use model::ErrorKind;
use sql::StoreError;

use crate::Refusal;

/// What can go wrong with leaderboards.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It isn't possible; nothing was changed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The log or the index failed. See [`Log`](crate::Log) for what may have happened.
    #[error("the store of leaderboards failed")]
    Store(#[from] StoreError),
}

impl Error {
    /// What kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Refused(refusal) => refusal.kind(),
            Self::Store(error) => error.error_kind(),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.kind(), refusal.code(), refusal.to_string())
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => refusal.into(),
            Error::Store(_) => Self::failure(error.kind(), "the leaderboards", error),
        }
    }
}
