//! Chunks that only whoever has their user's key can read, and the keys.
//!
//! Everything is sealed by AES-256-GCM-SIV (RFC 8452) with a nonce that isn't random: the bucket of a chunk, nothing of a key. With
//! this cipher that tells whether two chunks of one bucket are equal, and nothing else. In return the same points come to
//! the same bytes: a chunk that is stored again, by whomever, takes the place of itself, and no source of randomness can break
//! it. What processes tell each other goes by a random nonce and a key of its own, which is derived from the deployment's.

mod key;
mod message;
mod sealed_chunk;
mod wrapped_key;

pub use key::{DeploymentKey, KeyId, UserKey};
pub use sealed_chunk::{OpenError, SealedChunk};
pub use wrapped_key::{DeploymentKeys, UnwrapError};
