use model::{Timestamp, UserId};

use super::{DisplayName, Verb};

/// Something to be changed in the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mutation {
    /// Makes the user exist, named by their id; leaves one who exists as they are.
    Ensure {
        /// Who.
        user: UserId,
    },
    /// Makes the user exist with this name, or renames them.
    Put {
        /// Who.
        user: UserId,
        /// Their name.
        name: DisplayName,
    },
    /// Sets an existing user's radius.
    SetRadius {
        /// Whose.
        user: UserId,
        /// Metres; `None` for the deployment's.
        radius_m: Option<u32>,
    },
    /// Changes how two users stand to each other. The first one must exist; for a friendship in one step both.
    Relate {
        /// What is done.
        verb: Verb,
        /// Who does it.
        user: UserId,
        /// To whom.
        other: UserId,
    },
}

impl Mutation {
    /// The word in metrics.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Ensure { .. } => "ensure",
            Self::Put { .. } => "put",
            Self::SetRadius { .. } => "set_radius",
            Self::Relate { verb, .. } => verb.as_str(),
        }
    }
}

/// A mutation and when it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteRequest {
    /// What.
    pub mutation: Mutation,
    /// Becomes the `since` of what it changes.
    pub at: Timestamp,
}

model::words! {
    /// What a mutation did, with the words in metrics.
    pub enum Outcome {
        /// Made a user.
        Created = "created",
        /// Changed something.
        Changed = "changed",
        /// It was so already.
        Unchanged = "unchanged",
    }
}
