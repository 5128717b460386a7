use model::{Timestamp, UserId};

use crate::core::catalogue::business::{Business, IdempotencyKey, Source};
use crate::core::catalogue::details::Details;
use crate::core::catalogue::id::BusinessId;
use crate::core::catalogue::patch::Patch;

/// Who gives a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A user, who may make businesses of their own, and change those.
    Owner(UserId),
    /// An operator, who may change all of them and say whose they are.
    Operator(UserId),
}

impl Actor {
    /// Who it is; idempotency keys are their own.
    pub fn user(&self) -> &UserId {
        match self {
            Self::Owner(user) | Self::Operator(user) => user,
        }
    }
}

/// Something to be changed. Where a version is expected, another one refuses the mutation.
#[derive(Debug, Clone, PartialEq)]
pub enum Mutation {
    /// A new business.
    Create {
        /// Its id, if none has it yet.
        id: BusinessId,
        /// Whose it is; only operators name somebody else, or nobody.
        owner: Option<UserId>,
        /// What is said of it.
        details: Box<Details>,
    },
    /// Says all anew.
    Replace {
        /// Which.
        id: BusinessId,
        /// Of which version.
        expected: Option<u64>,
        /// What is said of it from now on.
        details: Box<Details>,
    },
    /// Changes a part.
    Change {
        /// Which.
        id: BusinessId,
        /// Of which version.
        expected: Option<u64>,
        /// What is different from now on.
        patch: Box<Patch>,
    },
    /// Removes it.
    Remove {
        /// Which.
        id: BusinessId,
        /// Of which version.
        expected: Option<u64>,
    },
    /// Says whose it is; for operators.
    Assign {
        /// Which.
        id: BusinessId,
        /// Of which version.
        expected: Option<u64>,
        /// Whose, or nobody's.
        owner: Option<UserId>,
    },
}

impl Mutation {
    /// Which business.
    pub fn id(&self) -> BusinessId {
        match self {
            Self::Create { id, .. }
            | Self::Replace { id, .. }
            | Self::Change { id, .. }
            | Self::Remove { id, .. }
            | Self::Assign { id, .. } => *id,
        }
    }

    /// The word in metrics.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Create { .. } => "create",
            Self::Replace { .. } => "replace",
            Self::Change { .. } => "change",
            Self::Remove { .. } => "remove",
            Self::Assign { .. } => "assign",
        }
    }
}

/// A mutation, who gives it, and when.
#[derive(Debug, Clone, PartialEq)]
pub struct WriteRequest {
    /// Who.
    pub actor: Actor,
    /// What makes a repetition of it known, for a day.
    pub key: Option<IdempotencyKey>,
    /// What.
    pub mutation: Mutation,
    /// Becomes the `updated` of what it changes.
    pub at: Timestamp,
}

model::words! {
    /// What a mutation did, with the words in metrics and stores.
    pub enum Effect {
        /// Made a business.
        Created = "created",
        /// Changed it.
        Changed = "changed",
        /// It was so already; the version is the same.
        Unchanged = "unchanged",
        /// Removed it.
        Removed = "removed",
    }
}

/// What came of a write.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// What it did.
    pub effect: Effect,
    /// The business after it; what was removed, as it was last. Its `placed` isn't part of the answer, and 0.
    pub business: Business,
}

/// A place of a source, to be imported.
#[derive(Debug, Clone, PartialEq)]
pub struct Import {
    /// The id that it gets if it is new.
    pub id: BusinessId,
    /// Which place of which source.
    pub source: Source,
    /// What is said of it.
    pub details: Details,
}

/// What importing did, in places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Imported {
    /// New ones.
    pub created: u64,
    /// Those of which something else is said now.
    pub changed: u64,
    /// Those that were so already.
    pub unchanged: u64,
    /// Those that have an owner by now, who knows better: left as they are.
    pub owned: u64,
}

impl std::ops::AddAssign for Imported {
    fn add_assign(&mut self, other: Self) {
        self.created += other.created;
        self.changed += other.changed;
        self.unchanged += other.unchanged;
        self.owned += other.owned;
    }
}
