use std::fmt;

use model::ErrorKind;

use crate::core::catalogue::details::DraftFault;
use crate::core::limits::RESULTS_MAX;

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
    /// Its kind, and the word for programs.
    pub(crate) fn describe(self) -> (ErrorKind, &'static str) {
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
                return write!(f, "limit must be from 1 to {RESULTS_MAX}");
            }
            Self::OtherTimeline => {
                "the position belongs to another history of the data: follow from the beginning"
            }
        })
    }
}

impl From<DraftFault> for Refusal {
    fn from(fault: DraftFault) -> Self {
        Self::Draft(fault)
    }
}
