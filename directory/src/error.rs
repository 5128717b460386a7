use api::Problem;
use model::ErrorKind;
use sql::StoreError;

use crate::Refusal;

/// What can go wrong with the directory.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It isn't possible; nothing was changed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The store failed. See [`Store`](crate::Store) for what may have happened.
    #[error("the directory's store failed")]
    Store(#[from] StoreError),
}

impl Error {
    /// Whether the store can't be reached now.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_unavailable())
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Refused(refusal) => refusal.kind(),
            Self::Store(error) => error.error_kind(),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => {
                Self::new(refusal.kind(), refusal.code(), refusal.to_string())
            }
            Error::Store(_) => Self::failure(error.kind(), "the directory", error),
        }
    }
}
