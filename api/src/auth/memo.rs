use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use model::{Caller, Timestamp};
use quick_cache::sync::Cache;

/// Verified tokens remembered at a time, some 2 MB at 400 bytes a token and at most 20 MB.
pub const TOKENS_REMEMBERED_MAX: usize = 4_096;

/// What a token says that was signed by one of our keys, for us, by our issuer. Whether it is the time for it has to be
/// judged at each use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Claimed {
    pub(super) caller: Caller,
    /// The later one of `nbf` and `iat`.
    pub(super) starts: Option<Timestamp>,
}

/// The tokens that were verified: a caller sends the same one with each request, and to verify it costs more than many
/// an answer. The keys never change, so what was signed once stays so.
pub(super) struct Memo {
    hasher: RandomState,
    // By the keyed hash of the text rather than the text, so that two texts are compared only if one is known or 64
    // secret bits are guessed: otherwise the time of a comparison could tell how much of a signature is right.
    tokens: Cache<u64, Remembered>,
}

#[derive(Clone)]
struct Remembered {
    text: Arc<str>,
    claimed: Claimed,
}

impl Default for Memo {
    fn default() -> Self {
        Self { hasher: RandomState::new(), tokens: Cache::new(TOKENS_REMEMBERED_MAX) }
    }
}

impl Memo {
    /// What this very token says, if it is remembered.
    pub(super) fn recall(&self, token: &str) -> Option<Claimed> {
        let found = self.tokens.get(&self.hasher.hash_one(token))?;
        (*found.text == *token).then_some(found.claimed)
    }

    /// Remembers a token that is valid. Those are forgotten for it that weren't used for the longest.
    pub(super) fn keep(&self, token: &str, claimed: Claimed) {
        let remembered = Remembered { text: token.into(), claimed };
        self.tokens.insert(self.hasher.hash_one(token), remembered);
    }

    #[cfg(test)]
    pub(super) fn tokens(&self) -> usize {
        self.tokens.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Role, UserId};

    fn claimed(name: &str) -> Claimed {
        let user = UserId::parse(name).expect("id");
        let caller = Caller { user, role: Role::User, expires: Timestamp(7) };
        Claimed { caller, starts: None }
    }

    #[test]
    fn only_the_very_same_token_is_recalled() {
        let memo = Memo::default();
        memo.keep("a.b.c", claimed("alice"));
        assert_eq!(memo.recall("a.b.c"), Some(claimed("alice")));
        for other in ["a.b.d", "a.b.", "a.b.cc", "A.b.c", ""] {
            assert_eq!(memo.recall(other), None, "{other}");
        }
    }

    #[test]
    fn a_text_of_the_same_hash_is_another_token() {
        let memo = Memo::default();
        let hash = memo.hasher.hash_one("a.b.d");
        let stranger = Remembered { text: "a.b.c".into(), claimed: claimed("alice") };
        memo.tokens.insert(hash, stranger);
        assert_eq!(memo.recall("a.b.d"), None);
    }

    #[test]
    fn never_remembers_more_tokens_than_its_limit() {
        let memo = Memo::default();
        let alice = claimed("alice");
        for n in 0..3 * TOKENS_REMEMBERED_MAX {
            let token = format!("a.b.{n}");
            memo.keep(&token, alice.clone());
            assert_eq!(memo.recall(&token), Some(alice.clone()));
            assert!(memo.tokens() <= TOKENS_REMEMBERED_MAX);
        }
        assert!(memo.tokens() > 0);
    }
}
