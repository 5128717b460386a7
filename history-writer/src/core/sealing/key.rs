use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};

/// How long a key is, bytes.
pub(super) const KEY_BYTES: usize = 32;
/// How long the name of a key is, bytes.
pub(super) const KEY_ID_BYTES: usize = 4;
/// What sealing adds, bytes.
pub(super) const TAG_BYTES: usize = 16;

/// Tells keys apart without giving them away: the first bytes of a hash of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId(pub [u8; KEY_ID_BYTES]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

/// What seals.
pub(super) struct SealingKey {
    pub(super) id: KeyId,
    key: LessSafeKey,
}

impl SealingKey {
    fn new(key: &[u8; KEY_BYTES]) -> Self {
        let hash = digest(&SHA256, &[b"whereabouts key id\0", &key[..]].concat());
        let id = *hash.as_ref().first_chunk().expect("a hash is longer");
        let key = UnboundKey::new(&AES_256_GCM_SIV, key).expect("the length is right");
        Self { id: KeyId(id), key: LessSafeKey::new(key) }
    }

    /// Seals the bytes behind `from`, and adds the tag. Whoever opens them has to know `context`.
    pub(super) fn seal(&self, nonce: u64, context: &[u8], bytes: &mut Vec<u8>, from: usize) {
        let tag = self.key.seal_in_place_separate_tag(
            as_nonce(nonce),
            Aad::from(context),
            &mut bytes[from..],
        );
        bytes.extend_from_slice(tag.expect("far below the longest text of the cipher").as_ref());
    }

    /// The bytes that were sealed; `None` if it wasn't by this key, with this context, or they were changed.
    pub(super) fn open(&self, nonce: u64, context: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let mut bytes = sealed.to_vec();
        let opened = self.key.open_in_place(as_nonce(nonce), Aad::from(context), &mut bytes);
        let length = opened.ok()?.len();
        bytes.truncate(length);
        Some(bytes)
    }
}

fn as_nonce(nonce: u64) -> Nonce {
    let mut bytes = [0; NONCE_LEN];
    bytes[..8].copy_from_slice(&nonce.to_le_bytes());
    Nonce::assume_unique_for_key(bytes)
}

/// The key by which one user's chunks are sealed. Once nobody has it any more, nobody can read them.
pub struct UserKey {
    bytes: [u8; KEY_BYTES],
    pub(super) sealing: SealingKey,
}

impl UserKey {
    /// The key of these bytes, which come from a source of randomness for secrets.
    pub fn new(bytes: [u8; KEY_BYTES]) -> Self {
        Self { sealing: SealingKey::new(&bytes), bytes }
    }

    /// Its name, which stands in what it sealed.
    pub fn id(&self) -> KeyId {
        self.sealing.id
    }

    pub(super) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.bytes
    }
}

/// Says nothing of the key.
impl fmt::Debug for UserKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UserKey({})", self.id())
    }
}

/// The key by which a deployment wraps its users' keys.
pub struct DeploymentKey {
    pub(super) sealing: SealingKey,
    /// Another one, made of the same bytes, for what processes tell each other.
    pub(super) messages: SealingKey,
}

impl DeploymentKey {
    /// The key of these bytes, which come from a source of randomness for secrets.
    pub fn new(bytes: &[u8; KEY_BYTES]) -> Self {
        Self { sealing: SealingKey::new(bytes), messages: SealingKey::new(&derived(bytes)) }
    }

    /// Its name, which stands in what it wrapped.
    pub fn id(&self) -> KeyId {
        self.sealing.id
    }
}

/// A key that tells nothing of the one it is made of (HKDF, RFC 5869).
fn derived(key: &[u8; KEY_BYTES]) -> [u8; KEY_BYTES] {
    let made = Salt::new(HKDF_SHA256, b"whereabouts history").extract(key);
    let mut bytes = [0; KEY_BYTES];
    let made = made.expand(&[b"messages between processes"], HKDF_SHA256);
    made.and_then(|made| made.fill(&mut bytes)).expect("as long as a hash");
    bytes
}

/// Says nothing of the key.
impl fmt::Debug for DeploymentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeploymentKey({})", self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_says_nothing_of_a_key() {
        let user = format!("{:?}", UserKey::new([7; KEY_BYTES]));
        assert_eq!(user.len(), "UserKey(01234567)".len());
        assert!(!user.contains("7, 7") && !user.contains("0707"), "{user}");
        let deployment = format!("{:?}", DeploymentKey::new(&[7; KEY_BYTES]));
        assert_eq!(deployment.len(), "DeploymentKey(01234567)".len());
    }

    #[test]
    fn names_of_keys_differ_where_keys_do() {
        assert_eq!(UserKey::new([7; KEY_BYTES]).id(), UserKey::new([7; KEY_BYTES]).id());
        assert_ne!(UserKey::new([7; KEY_BYTES]).id(), UserKey::new([8; KEY_BYTES]).id());
    }
}
