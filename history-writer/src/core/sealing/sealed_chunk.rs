use std::fmt;

use model::{Timestamp, UserId};

use super::key::{KEY_ID_BYTES, KeyId, TAG_BYTES, UserKey};
use crate::core::chunk::{Bucket, Chunk, ChunkError};

/// The version of the form: this number, the name of the key, the sealed chunk, the tag.
const FORMAT: u8 = 1;
const HEADER_BYTES: usize = 1 + KEY_ID_BYTES;
/// How much of the tag tells chunks apart that begin at one moment, bytes.
const DIGEST_BYTES: usize = 8;

/// A chunk as it is stored. Its user and its bucket are known from where it lies: moved elsewhere it can't be opened.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedChunk {
    /// Where it is filed.
    pub bucket: Bucket,
    /// The effective time of its first point. Not sealed, since stores sort by it.
    pub first: Timestamp,
    /// The rest.
    pub bytes: Vec<u8>,
}

/// Why a chunk can't be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// A newer program wrote it, or it is something else.
    #[error("sealed chunks of format {0} can't be read by this version")]
    Format(u8),
    /// It was sealed by another key of its user: one that was destroyed when all was erased.
    #[error("the chunk was sealed by the key {0}, which isn't the user's any more")]
    OtherKey(KeyId),
    /// It was changed, or belongs elsewhere.
    #[error("the chunk was changed after it was sealed, or belongs to another user or bucket")]
    Changed,
    /// What was sealed is no chunk.
    #[error(transparent)]
    Content(#[from] ChunkError),
}

impl SealedChunk {
    /// Seals a chunk of a user by that user's key.
    pub fn seal(chunk: &Chunk, user: &UserId, key: &UserKey) -> Self {
        let (bucket, first) = (chunk.bucket(), chunk.first());
        let content = chunk.encode();
        let mut bytes = Vec::with_capacity(HEADER_BYTES + content.len() + TAG_BYTES);
        bytes.push(FORMAT);
        bytes.extend_from_slice(&key.id().0);
        bytes.extend_from_slice(&content);
        key.sealing.seal(nonce(bucket), &context(user, bucket), &mut bytes, HEADER_BYTES);
        Self { bucket, first, bytes }
    }

    /// Opens it.
    pub fn open(&self, user: &UserId, key: &UserKey) -> Result<Chunk, OpenError> {
        let (header, sealed) = self.bytes.split_first_chunk().ok_or(OpenError::Changed)?;
        let [format, id @ ..]: [u8; HEADER_BYTES] = *header;
        if format != FORMAT {
            return Err(OpenError::Format(format));
        }
        if KeyId(id) != key.id() {
            return Err(OpenError::OtherKey(KeyId(id)));
        }
        let opened = key.sealing.open(nonce(self.bucket), &context(user, self.bucket), sealed);
        let chunk = Chunk::decode(&opened.ok_or(OpenError::Changed)?)?;
        // Points are found by it: a row that says otherwise hides them.
        let lies_right = chunk.first() == self.first && chunk.bucket() == self.bucket;
        if lies_right { Ok(chunk) } else { Err(OpenError::Changed) }
    }

    /// Tells it from other chunks of its user that begin at the same moment. Equal points sealed by one key have one digest.
    pub fn digest(&self) -> u64 {
        let end = self.bytes.last_chunk::<DIGEST_BYTES>();
        end.map_or(0, |end| u64::from_le_bytes(*end))
    }
}

/// When somebody moved is theirs too.
impl fmt::Debug for SealedChunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedChunk({} bytes)", self.bytes.len())
    }
}

fn nonce(bucket: Bucket) -> u64 {
    bucket.0 as u64
}

fn context(user: &UserId, bucket: Bucket) -> Vec<u8> {
    [&[b'c', FORMAT], &bucket.0.to_le_bytes()[..], user.as_str().as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;
    use crate::core::limits::BUCKET_MS;
    use crate::core::point::tests::point;

    fn user(name: &str) -> UserId {
        UserId::parse(name).expect("a user")
    }

    fn chunk(points: i64) -> Chunk {
        let points = (0..points).map(|at| point(BUCKET_MS + at, "phone", at as u64, 0));
        Chunk::new(points.collect()).expect("it fits")
    }

    fn sealed(points: i64) -> SealedChunk {
        SealedChunk::seal(&chunk(points), &user("alice"), &UserKey::new([1; 32]))
    }

    #[test]
    fn its_user_opens_it_and_nobody_else() {
        let (alice, key) = (user("alice"), UserKey::new([1; 32]));
        let sealed = sealed(9);
        assert_eq!(sealed.open(&alice, &key), Ok(chunk(9)));
        let other = UserKey::new([2; 32]);
        assert_eq!(sealed.open(&alice, &other), Err(OpenError::OtherKey(key.id())));
        assert_eq!(sealed.open(&user("bob"), &key), Err(OpenError::Changed));
        let elsewhere = SealedChunk { bucket: Bucket(2), ..sealed.clone() };
        assert_eq!(elsewhere.open(&alice, &key), Err(OpenError::Changed));
        let hidden = SealedChunk { first: Timestamp(BUCKET_MS + 1), ..sealed };
        assert_eq!(hidden.open(&alice, &key), Err(OpenError::Changed));
    }

    #[test]
    fn the_same_points_come_to_the_same_bytes() {
        assert_eq!(sealed(9), sealed(9));
        assert_ne!(sealed(9).digest(), sealed(8).digest());
        let overhead = sealed(9).bytes.len() - chunk(9).encode().len();
        assert_eq!(overhead, HEADER_BYTES + TAG_BYTES);
    }

    #[test]
    fn sealed_bytes_stay_readable() {
        let bytes = data_encoding::HEXLOWER.encode(&sealed(1).bytes);
        let stored = concat!(
            "01c7f978d76b065abd1a5911e65e7378cb805878cdbdbc8d580197fffdb657eb9343a0c8268402b824",
            "f8a7dd5408be8bb3d21dcf",
        );
        assert_eq!(bytes, stored);
    }

    proptest! {
        #[test]
        fn whatever_is_changed_is_found(flip in any::<Index>(), cut in any::<Index>()) {
            let (alice, key) = (user("alice"), UserKey::new([1; 32]));
            let whole = sealed(5);
            let mut flipped = whole.clone();
            let bit = flip.index(flipped.bytes.len() * 8);
            flipped.bytes[bit / 8] ^= 1 << (bit % 8);
            let error = flipped.open(&alice, &key).expect_err("changed");
            let fits = match bit / 8 {
                0 => matches!(error, OpenError::Format(_)),
                1..HEADER_BYTES => matches!(error, OpenError::OtherKey(_)),
                _ => error == OpenError::Changed,
            };
            prop_assert!(fits, "{error:?} for bit {bit}");
            let mut short = whole.clone();
            short.bytes.truncate(cut.index(whole.bytes.len()));
            prop_assert_eq!(short.open(&alice, &key), Err(OpenError::Changed));
        }

        #[test]
        fn any_bytes_come_to_an_error(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let sealed = SealedChunk { bytes, ..sealed(1) };
            prop_assert!(sealed.open(&user("alice"), &UserKey::new([1; 32])).is_err());
        }
    }
}
