use model::UserId;

use super::key::{DeploymentKey, KEY_ID_BYTES, KeyId, UserKey};

/// The version of the form: this number, the name of the deployment's key, the sealed user's key, the tag.
const FORMAT: u8 = 1;
const HEADER_BYTES: usize = 1 + KEY_ID_BYTES;
/// Every user has another key: equal texts, which is all that an equal nonce tells, don't occur.
const NONCE: u64 = 0;

/// Why a user's key can't be unwrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnwrapError {
    /// A newer program wrote it, or it is something else.
    #[error("wrapped keys of format {0} can't be read by this version")]
    Format(u8),
    /// The deployment's key that wrapped it isn't among those that are set.
    #[error("the user's key was wrapped by the deployment's key {0}, which isn't set")]
    UnknownKey(KeyId),
    /// It was changed, or belongs to another user.
    #[error("the user's key was changed after it was wrapped, or belongs to another user")]
    Changed,
}

/// The keys of a deployment: the one that wraps, and earlier ones, which still unwrap.
#[derive(Debug)]
pub struct DeploymentKeys {
    pub(super) current: DeploymentKey,
    earlier: Vec<DeploymentKey>,
}

impl DeploymentKeys {
    /// Wraps by the current one.
    pub fn new(current: DeploymentKey, earlier: Vec<DeploymentKey>) -> Self {
        Self { current, earlier }
    }

    /// The name of the one that wraps.
    pub fn current(&self) -> KeyId {
        self.current.id()
    }

    /// Whether there is one of this name.
    pub fn has(&self, id: KeyId) -> bool {
        self.all().any(|key| key.id() == id)
    }

    /// Whether there are earlier ones beside the one that wraps.
    pub fn has_earlier(&self) -> bool {
        !self.earlier.is_empty()
    }

    /// A user's key as it may be stored.
    pub fn wrap(&self, user: &UserId, key: &UserKey) -> Vec<u8> {
        let mut bytes = vec![FORMAT];
        bytes.extend_from_slice(&self.current.id().0);
        bytes.extend_from_slice(key.bytes());
        self.current.sealing.seal(NONCE, &context(user), &mut bytes, HEADER_BYTES);
        bytes
    }

    /// The key that was wrapped.
    pub fn unwrap(&self, user: &UserId, wrapped: &[u8]) -> Result<UserKey, UnwrapError> {
        let (format, id, sealed) = split(wrapped)?;
        if format != FORMAT {
            return Err(UnwrapError::Format(format));
        }
        let key = self.all().find(|key| key.id() == id).ok_or(UnwrapError::UnknownKey(id))?;
        let opened = key.sealing.open(NONCE, &context(user), sealed);
        let bytes = opened.and_then(|bytes| bytes.try_into().ok());
        bytes.map(UserKey::new).ok_or(UnwrapError::Changed)
    }

    /// The same key wrapped by the current one; `None` if it is already.
    pub fn rewrap(&self, user: &UserId, wrapped: &[u8]) -> Result<Option<Vec<u8>>, UnwrapError> {
        let key = self.unwrap(user, wrapped)?;
        let (_, id, _) = split(wrapped)?;
        Ok((id != self.current.id()).then(|| self.wrap(user, &key)))
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &DeploymentKey> {
        std::iter::once(&self.current).chain(&self.earlier)
    }
}

impl KeyId {
    /// The deployment's key by which a user's key was wrapped; `None` if these bytes are none.
    pub fn that_wrapped(wrapped: &[u8]) -> Option<Self> {
        split(wrapped).ok().map(|(_, id, _)| id)
    }
}

fn split(wrapped: &[u8]) -> Result<(u8, KeyId, &[u8]), UnwrapError> {
    let (header, sealed) = wrapped.split_first_chunk().ok_or(UnwrapError::Changed)?;
    let [format, id @ ..]: [u8; HEADER_BYTES] = *header;
    Ok((format, KeyId(id), sealed))
}

fn context(user: &UserId) -> Vec<u8> {
    [&[b'k', FORMAT], user.as_str().as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;

    fn keys(current: u8, earlier: &[u8]) -> DeploymentKeys {
        let key = |byte: &u8| DeploymentKey::new(&[*byte; 32]);
        DeploymentKeys::new(key(&current), earlier.iter().map(key).collect())
    }

    fn alice() -> UserId {
        UserId::parse("alice").expect("a user")
    }

    #[test]
    fn a_key_comes_back_for_its_user_only() {
        let (keys, key) = (keys(1, &[]), UserKey::new([9; 32]));
        let wrapped = keys.wrap(&alice(), &key);
        assert_eq!(keys.unwrap(&alice(), &wrapped).map(|key| *key.bytes()), Ok([9; 32]));
        let bob = UserId::parse("bob").expect("a user");
        assert_eq!(keys.unwrap(&bob, &wrapped).map(|key| key.id()), Err(UnwrapError::Changed));
    }

    #[test]
    fn the_deployments_key_can_be_changed() {
        let (before, both, after) = (keys(1, &[]), keys(2, &[1]), keys(2, &[]));
        let wrapped = before.wrap(&alice(), &UserKey::new([9; 32]));
        assert_eq!(KeyId::that_wrapped(&wrapped), Some(before.current()));
        let known = [&before, &both, &after].map(|keys| keys.has(before.current()));
        assert_eq!(known, [true, true, false]);
        let lost = after.unwrap(&alice(), &wrapped).map(|key| key.id());
        assert_eq!(lost, Err(UnwrapError::UnknownKey(before.current.id())));
        let again = both.rewrap(&alice(), &wrapped).expect("it opens").expect("by another key");
        assert_eq!(after.unwrap(&alice(), &again).map(|key| *key.bytes()), Ok([9; 32]));
        assert_eq!(after.rewrap(&alice(), &again), Ok(None));
    }

    proptest! {
        #[test]
        fn whatever_is_changed_is_found(flip in any::<Index>(), cut in any::<Index>()) {
            let keys = keys(1, &[2]);
            let wrapped = keys.wrap(&alice(), &UserKey::new([9; 32]));
            let mut flipped = wrapped.clone();
            let bit = flip.index(flipped.len() * 8);
            flipped[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(keys.unwrap(&alice(), &flipped).is_err());
            prop_assert!(keys.unwrap(&alice(), &wrapped[..cut.index(wrapped.len())]).is_err());
        }
    }
}
