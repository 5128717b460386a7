use std::collections::HashMap;

use model::{Random, UserId};

use super::Deps;
use crate::{StoreError, USERS_MAX, UserKey, UserRecord};

/// What is needed to seal chunks of some users.
pub(super) type Known = HashMap<UserId, (UserRecord, UserKey)>;

impl Deps {
    /// What is known of these users, each once, with a key for each: whoever has none gets one.
    pub(super) async fn known(&self, users: &[UserId]) -> Result<Known, StoreError> {
        let mut known = HashMap::with_capacity(users.len());
        for some in users.chunks(USERS_MAX) {
            let records = self.register.records(some).await?;
            let mut keys = Vec::new();
            for (user, record) in some.iter().zip(&records) {
                if record.wrapped_key.is_none() && !record.is_off {
                    let key = UserKey::new(secret(&*self.random));
                    keys.push((user.clone(), self.keys.wrap(user, &key)));
                }
            }
            let made = self.register.make_keys(&keys).await?;
            let mut made =
                keys.into_iter().map(|(user, _)| user).zip(made).collect::<HashMap<_, _>>();
            for (user, record) in some.iter().zip(records) {
                let wrapped = record.wrapped_key.clone().or_else(|| made.remove(user));
                let Some(wrapped) = wrapped else { continue };
                known.insert(user.clone(), (record, self.unwrap(user, &wrapped)?));
            }
        }
        Ok(known)
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
