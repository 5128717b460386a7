use std::fmt;

use api::{Overspent, Problem};
use model::ErrorKind;
use sql::Fault;

use crate::core::refusal::Refusal;

/// What can go wrong with businesses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// It isn't possible; nothing was changed.
    Refused(Refusal),
    /// It costs more than the caller may spend, or takes longer than a request may.
    Overspent(Overspent),
    /// The store can't be reached, is full or behind; the text says how. See [`Store`](crate::Store) for what may have
    /// happened.
    Unavailable(String),
    /// The data was written by a newer version of the program.
    NewerVersion {
        /// Its schema.
        found: i64,
        /// The newest that we know.
        known: i64,
    },
    /// The data can't be opened: absent, not writable, not ours; the text says what and where.
    Unusable(String),
    /// A fault of ours, or damaged data.
    Internal(String),
}

impl Error {
    /// What kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Refused(refusal) => refusal.describe().0,
            Self::Overspent(overspent) => overspent.kind(),
            Self::Unavailable(_) => ErrorKind::Unavailable,
            Self::NewerVersion { .. } | Self::Unusable(_) | Self::Internal(_) => {
                ErrorKind::Internal
            }
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Overspent(overspent) => overspent.fmt(f),
            Self::Unavailable(why) => write!(f, "businesses are unavailable: {why}"),
            Self::NewerVersion { found, known } => write!(
                f,
                "the data of the businesses has schema {found}, this program knows up to {known}: \
                 it was written by a newer version"
            ),
            Self::Unusable(why) => write!(f, "the data of the businesses can't be used: {why}"),
            Self::Internal(why) => write!(f, "the businesses failed: {why}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Overspent> for Error {
    fn from(overspent: Overspent) -> Self {
        Self::Overspent(overspent)
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Unavailable(why) => Self::Unavailable(why),
            Fault::NewerVersion { found, known } => Self::NewerVersion { found, known },
            Fault::Unusable(why) => Self::Unusable(why),
            Fault::Internal(why) => Self::Internal(why),
        }
    }
}

/// How long to wait before asking unavailable businesses again, milliseconds.
const RETRY_AFTER_MS: u64 = 1_000;

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let kind = error.kind();
        match error {
            Error::Refused(refusal) => Self::new(kind, refusal.code(), refusal.to_string()),
            Error::Overspent(overspent) => overspent.into(),
            Error::Unavailable(_) => {
                Self::new(kind, "unavailable", "the businesses can't be reached; try again")
                    .retry_after_ms(RETRY_AFTER_MS)
                    .caused_by(error)
            }
            other => Self::new(kind, "internal", "a fault of the service; its log says more")
                .caused_by(other),
        }
    }
}
