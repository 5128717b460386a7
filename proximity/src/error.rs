use std::fmt;

use api::{Overspent, Problem};
use model::ErrorKind;
use sql::Fault;

use crate::core::catalogue::details::DraftFault;

/// Why something isn't done, though the store works; nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There is none with this id, or no more.
    NoSuchBusiness,
    /// It belongs to somebody else, or to nobody.
    NotYours,
    /// Only operators say whose a business is.
    OperatorsOnly,
    /// It was changed meanwhile.
    OtherVersion {
        /// Its version now.
        current: u64,
    },
    /// The owner has as many as allowed.
    TooManyOwned {
        /// As many.
        max: u32,
    },
    /// The key was used for another request.
    KeyUsed,
    /// The id is another business's; a new one, drawn anew, will do.
    IdTaken,
    /// What it would become can't be.
    Draft(DraftFault),
    /// A radius out of the allowed range.
    Radius {
        /// The largest, metres.
        max_m: u32,
    },
    /// No business has such a category, nor ever had.
    NoSuchCategory,
    /// A number of results out of the allowed range.
    Results,
    /// The position in the feed is of another timeline, or isn't reached yet: begin anew.
    OtherTimeline,
}

impl Refusal {
    fn describe(self) -> (ErrorKind, &'static str) {
        match self {
            Self::NoSuchBusiness => (ErrorKind::NotFound, "no_such_business"),
            Self::NotYours => (ErrorKind::Forbidden, "not_yours"),
            Self::OperatorsOnly => (ErrorKind::Forbidden, "operators_only"),
            Self::OtherVersion { .. } => (ErrorKind::Conflict, "other_version"),
            Self::TooManyOwned { .. } => (ErrorKind::Conflict, "too_many_owned"),
            Self::KeyUsed => (ErrorKind::Conflict, "idempotency_key_used"),
            Self::IdTaken => (ErrorKind::Internal, "id_taken"),
            Self::Draft(_) => (ErrorKind::Invalid, "invalid_business"),
            Self::Radius { .. } => (ErrorKind::Invalid, "invalid_radius"),
            Self::NoSuchCategory => (ErrorKind::Invalid, "unknown_category"),
            Self::Results => (ErrorKind::Invalid, "invalid_limit"),
            Self::OtherTimeline => (ErrorKind::Conflict, "other_history"),
        }
    }

    /// The word for programs.
    pub fn code(self) -> &'static str {
        self.describe().1
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoSuchBusiness => "there is no such business",
            Self::NotYours => "this business isn't yours",
            Self::OperatorsOnly => "only operators say whose a business is",
            Self::OtherVersion { current } => {
                return write!(f, "the business was changed meanwhile: its version is {current}");
            }
            Self::TooManyOwned { max } => {
                return write!(f, "the owner has as many businesses as allowed, {max}");
            }
            Self::KeyUsed => "this idempotency key was used for another request",
            Self::IdTaken => "the id is another business's",
            Self::Draft(fault) => return fault.fmt(f),
            Self::Radius { max_m } => return write!(f, "radius must be from 1 to {max_m} metres"),
            Self::NoSuchCategory => "no business has this category, nor is of such a group",
            Self::Results => {
                return write!(f, "limit must be from 1 to {}", crate::limits::RESULTS_MAX);
            }
            Self::OtherTimeline => {
                "the position belongs to another history of the data: follow from the beginning"
            }
        })
    }
}

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

impl From<DraftFault> for Refusal {
    fn from(fault: DraftFault) -> Self {
        Self::Draft(fault)
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
