use api::{Overspent, Problem};
use model::ErrorKind;
use sql::StoreError;

use crate::core::refusal::Refusal;

/// What can go wrong with businesses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It isn't possible; nothing was changed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It costs more than the caller may spend, or takes longer than a request may.
    #[error(transparent)]
    Overspent(#[from] Overspent),
    /// The store failed. See [`Store`](crate::Store) for what may have happened.
    #[error("the store of businesses failed")]
    Store(#[from] StoreError),
}

impl Error {
    /// What kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Refused(refusal) => refusal.kind(),
            Self::Overspent(overspent) => overspent.kind(),
            Self::Store(error) => error.error_kind(),
        }
    }

    /// Whether the store can't be reached now.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_unavailable())
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => {
                Self::new(refusal.kind(), refusal.code(), refusal.to_string())
            }
            Error::Overspent(overspent) => overspent.into(),
            Error::Store(_) => Self::failure(error.kind(), "the businesses", error),
        }
    }
}
