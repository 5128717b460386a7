use std::collections::HashMap;

use model::{Random, UserId};

use super::Deps;
use crate::{StoreError, USERS_MAX, UserKey, UserRecord};

/// A user's key, and as it is stored.
pub(super) struct HeldKey {
    wrapped: Vec<u8>,
    pub key: UserKey,
}

impl Deps {
    /// What is known of these users, each once and up to [`USERS_MAX`].
    pub(super) async fn records(
        &self,
        users: &[UserId],
    ) -> Result<HashMap<UserId, UserRecord>, StoreError> {
        debug_assert!(users.len() <= USERS_MAX, "a register reads no more");
        let records = self.register.records(users).await?;
        Ok(users.iter().cloned().zip(records).collect())
    }

    /// The keys of these users, each once: whoever has none gets one.
    pub(super) async fn keys(
        &self,
        users: &[(&UserId, &UserRecord)],
    ) -> Result<HashMap<UserId, HeldKey>, StoreError> {
        let without = users.iter().filter(|(_, record)| record.wrapped_key.is_none());
        let new = without.map(|(user, _)| {
            let key = UserKey::new(secret(&*self.random));
            ((*user).clone(), self.keys.wrap(user, &key))
        });
        let new: Vec<_> = new.collect();
        let made = if new.is_empty() { Vec::new() } else { self.register.make_keys(&new).await? };
        let mut made = new.into_iter().map(|(user, _)| user).zip(made).collect::<HashMap<_, _>>();
        let mut keys = HashMap::with_capacity(users.len());
        for (user, record) in users {
            let wrapped = made.remove(*user).or_else(|| record.wrapped_key.clone());
            let Some(wrapped) = wrapped else { continue };
            let key = self.unwrap(user, &wrapped)?;
            keys.insert((*user).clone(), HeldKey { wrapped, key });
        }
        Ok(keys)
    }

    /// Whether this is still the user's key, perhaps wrapped by another one.
    pub(super) fn is_key_of(
        &self,
        user: &UserId,
        held: &HeldKey,
        record: &UserRecord,
    ) -> Result<bool, StoreError> {
        Ok(match &record.wrapped_key {
            None => false,
            Some(wrapped) if *wrapped == held.wrapped => true,
            Some(wrapped) => self.unwrap(user, wrapped)?.id() == held.key.id(),
        })
    }

    /// A user's key.
    pub(super) fn unwrap(&self, user: &UserId, wrapped: &[u8]) -> Result<UserKey, StoreError> {
        // A deployment's key that isn't set may be set at the next start: nothing is given up meanwhile.
        self.keys.unwrap(user, wrapped).map_err(|fault| {
            StoreError::unavailable("the key of a user's history can't be unwrapped")
                .caused_by(fault)
        })
    }
}

fn secret(random: &dyn Random) -> [u8; 32] {
    let mut bytes = [0; 32];
    let (words, _) = bytes.as_chunks_mut::<8>();
    for word in words {
        *word = random.next_u64().to_le_bytes();
    }
    bytes
}
