use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use model::{Caller, Timestamp};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use super::VerifyingKey;

/// What is remembered of verified tokens, bytes: some 12,000 tokens of 400 bytes, a thousand of the longest.
pub const TOKENS_REMEMBERED_BYTES_MAX: u64 = 8 * 1_024 * 1_024;

/// What a remembered token takes beside its text, bytes: the caller's id, the reference to its key, the place in the table.
const TOKEN_OVERHEAD_BYTES: u64 = 300;

/// For how many tokens the table is laid out at first.
const TOKENS_EXPECTED: usize = 4_096;

/// What a token says that was signed by one of our keys, for us, by our issuer. Whether it is the time for it has to be
/// judged at each use.
#[derive(Debug, Clone)]
pub(super) struct Claimed {
    pub(super) caller: Caller,
    /// The later one of `nbf` and `iat`.
    pub(super) starts: Option<Timestamp>,
    /// What it was verified with.
    pub(super) key: Arc<VerifyingKey>,
}

/// The tokens that were verified: a caller sends the same one with each request, and to verify it costs more than many
/// an answer. What a key has signed stays so, until its issuer removes the key.
pub(super) struct Memo {
    hasher: RandomState,
    // By the keyed hash of the text rather than the text, so that two texts are compared only if one is known or 64
    // secret bits are guessed: otherwise the time of a comparison could tell how much of a signature is right.
    tokens: Cache<u64, Remembered, Bytes>,
}

#[derive(Clone)]
struct Remembered {
    text: Arc<str>,
    claimed: Claimed,
}

#[derive(Clone)]
struct Bytes;

impl Weighter<u64, Remembered> for Bytes {
    fn weight(&self, _: &u64, token: &Remembered) -> u64 {
        token.text.len() as u64 + TOKEN_OVERHEAD_BYTES
    }
}

impl Default for Memo {
    fn default() -> Self {
        let tokens = Cache::with_weighter(TOKENS_EXPECTED, TOKENS_REMEMBERED_BYTES_MAX, Bytes);
        Self { hasher: RandomState::new(), tokens }
    }
}

impl Memo {
    /// What this very token says, if it is remembered and its key is in use.
    pub(super) fn recall(&self, token: &str) -> Option<Claimed> {
        let found = self.tokens.get(&self.hasher.hash_one(token))?;
        (*found.text == *token && found.claimed.key.is_in_use()).then_some(found.claimed)
    }

    /// Remembers a token that is valid. Those are forgotten for it that weren't used for the longest.
    pub(super) fn keep(&self, token: &str, claimed: Claimed) {
        let remembered = Remembered { text: token.into(), claimed };
        self.tokens.insert(self.hasher.hash_one(token), remembered);
    }

    /// Forgets what keys have verified that were removed.
    pub(super) fn forget_removed(&self) {
        self.tokens.retain(|_, token| token.claimed.key.is_in_use());
    }

    #[cfg(test)]
    pub(super) fn tokens(&self) -> usize {
        self.tokens.len()
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> u64 {
        self.tokens.weight()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TOKEN_BYTES_MAX;
    use model::{Role, UserId};

    fn key() -> Arc<VerifyingKey> {
        Arc::new(VerifyingKey::hs256("k", &[7; 32]).expect("a key"))
    }

    fn claimed(name: &str, key: &Arc<VerifyingKey>) -> Claimed {
        let user = UserId::parse(name).expect("id");
        let caller = Caller { user, role: Role::User, expires: Timestamp(7) };
        Claimed { caller, starts: None, key: key.clone() }
    }

    fn recalled(memo: &Memo, token: &str) -> Option<String> {
        memo.recall(token).map(|claimed| claimed.caller.user.as_str().to_owned())
    }

    #[test]
    fn only_the_very_same_token_is_recalled() {
        let memo = Memo::default();
        memo.keep("a.b.c", claimed("alice", &key()));
        assert_eq!(recalled(&memo, "a.b.c").as_deref(), Some("alice"));
        for other in ["a.b.d", "a.b.", "a.b.cc", "A.b.c", ""] {
            assert_eq!(recalled(&memo, other), None, "{other}");
        }
    }

    #[test]
    fn a_text_of_the_same_hash_is_another_token() {
        let memo = Memo::default();
        let hash = memo.hasher.hash_one("a.b.d");
        let stranger = Remembered { text: "a.b.c".into(), claimed: claimed("alice", &key()) };
        memo.tokens.insert(hash, stranger);
        assert_eq!(recalled(&memo, "a.b.d"), None);
    }

    #[test]
    fn never_remembers_more_bytes_than_its_limit() {
        let (memo, key) = (Memo::default(), key());
        let alice = claimed("alice", &key);
        for bytes in [10, 400, TOKEN_BYTES_MAX] {
            for n in 0..3 * TOKENS_REMEMBERED_BYTES_MAX / (bytes as u64 + TOKEN_OVERHEAD_BYTES) {
                let token = format!("{n:0bytes$}");
                memo.keep(&token, alice.clone());
                assert_eq!(recalled(&memo, &token).as_deref(), Some("alice"));
                assert!(memo.bytes() <= TOKENS_REMEMBERED_BYTES_MAX);
            }
            assert!(memo.tokens() > 0);
        }
    }

    #[test]
    fn what_a_removed_key_has_verified_is_forgotten_and_nothing_else() {
        let (memo, removed, stays) = (Memo::default(), key(), key());
        memo.keep("a.b.c", claimed("alice", &removed));
        memo.keep("a.b.d", claimed("bob", &stays));
        removed.remove();
        assert_eq!(recalled(&memo, "a.b.c"), None);
        memo.forget_removed();
        assert_eq!((memo.tokens(), recalled(&memo, "a.b.d").as_deref()), (1, Some("bob")));
    }
}
