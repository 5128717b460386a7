use std::collections::BTreeSet;

use model::{Timestamp, UserId};

use crate::core::catalogue::business::{IdempotencyKey, Source};
use crate::core::catalogue::id::BusinessId;
use crate::core::catalogue::mutation::{Import, Mutation, Outcome, WriteRequest};
use crate::core::catalogue::request_digest::RequestDigest;

/// Whose key it is, and the key.
pub(crate) type KeyOf = (UserId, IdempotencyKey);

/// What is remembered of a write that had a key.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Remembered {
    /// Tells another write from the same one.
    pub(crate) request: RequestDigest,
    /// When it was given first.
    pub(crate) at: Timestamp,
    /// What it was answered.
    pub(crate) outcome: Outcome,
}

/// What a transaction state must be given before writes are applied.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    /// Businesses to look up.
    pub(crate) ids: BTreeSet<BusinessId>,
    /// Keys to look up.
    pub(crate) keys: BTreeSet<KeyOf>,
    /// Owners to count the businesses of.
    pub(crate) owners: BTreeSet<UserId>,
    /// Sources to look up the businesses of.
    pub(crate) sources: BTreeSet<Source>,
}

impl Needs {
    /// What these writes need.
    pub(crate) fn new(writes: &[WriteRequest]) -> Self {
        let mut needs = Self::default();
        for write in writes {
            needs.ids.insert(write.mutation.id());
            needs.keys.extend(key_of(write));
            if let Mutation::Create { owner: Some(owner), .. }
            | Mutation::Assign { owner: Some(owner), .. } = &write.mutation
            {
                needs.owners.insert(owner.clone());
            }
        }
        needs
    }

    /// What importing these needs.
    pub(crate) fn of_import(places: &[Import]) -> Self {
        Self {
            ids: places.iter().map(|place| place.id).collect(),
            sources: places.iter().map(|place| place.source.clone()).collect(),
            ..Self::default()
        }
    }
}

/// The key of a request that has one, and whose it is.
pub(super) fn key_of(write: &WriteRequest) -> Option<KeyOf> {
    write.key.clone().map(|key| (write.actor.user().clone(), key))
}
