pub(super) mod rewrapping;

use std::collections::HashMap;
use std::sync::Arc;

use model::{Random, UserId, crash};

use super::records::KnownUser;
use super::{Deps, Shared};
use crate::{StoreError, UserKey, UserRecord, crash_points};

impl Shared {
    /// The same users, each with a key: whoever has none gets one.
    pub(super) async fn with_keys(
        &self,
        users: &[(UserId, Arc<KnownUser>)],
    ) -> Result<HashMap<UserId, Arc<KnownUser>>, StoreError> {
        let without = users.iter().filter(|(_, known)| known.record.wrapped_key.is_none());
        let new = without.map(|(user, _)| {
            let key = UserKey::new(secret(&*self.deps.random));
            (user.clone(), self.deps.keys.wrap(user, &key))
        });
        let new: Vec<_> = new.collect();
        let mut keyed: HashMap<_, _> = users.iter().cloned().collect();
        if new.is_empty() {
            return Ok(keyed);
        }
        let made = self.deps.register.make_keys(&new).await;
        for (user, _) in &new {
            self.records.forget(user);
        }
        let made = made?;
        crash::point(crash_points::KEYS_MADE);
        for ((user, _), wrapped) in new.into_iter().zip(made) {
            if let Some(known) = keyed.get_mut(&user) {
                let record = UserRecord { wrapped_key: Some(wrapped), ..known.record.clone() };
                *known = Arc::new(KnownUser::new(record));
            }
        }
        Ok(keyed)
    }
}

impl Deps {
    /// Whether two records of a user have the same key, perhaps wrapped by different ones.
    pub(super) fn have_one_key(
        &self,
        user: &UserId,
        one: &KnownUser,
        other: &KnownUser,
    ) -> Result<bool, StoreError> {
        if one.record.wrapped_key == other.record.wrapped_key {
            return Ok(true);
        }
        let id = |known: &KnownUser| Ok(known.key(self, user)?.map(UserKey::id));
        Ok(id(one)? == id(other)?)
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
