//! What a process asks another one of the same deployment, and its answer.

use super::key::{DeploymentKey, KEY_ID_BYTES, KeyId};
use super::wrapped_key::DeploymentKeys;

/// The version of the form: this number, the name of the deployment's key, a nonce, the sealed content, the tag.
const FORMAT: u8 = 1;
const NONCE_BYTES: usize = 8;
const HEADER_BYTES: usize = 1 + KEY_ID_BYTES + NONCE_BYTES;
/// Tell questions and answers apart, so that none is taken for the other.
const QUESTION: &[u8] = b"q";
const ANSWER: &[u8] = b"a";

impl DeploymentKeys {
    /// Seals a question by the current key; `nonce` is random.
    pub fn seal_question(&self, nonce: u64, content: &[u8]) -> Vec<u8> {
        seal(&self.current, nonce, QUESTION, content)
    }

    /// What is asked; `None` if it wasn't sealed by one of these keys, or was changed.
    pub fn open_question(&self, question: &[u8]) -> Option<Vec<u8>> {
        self.open(question, QUESTION)
    }

    /// Seals the answer to a question by the key that sealed the question; `None` if that isn't one of these.
    pub fn seal_answer(&self, question: &[u8], nonce: u64, content: &[u8]) -> Option<Vec<u8>> {
        let key = self.that_sealed(question)?;
        Some(seal(key, nonce, &[ANSWER, question].concat(), content))
    }

    /// The answer to this very question; `None` if it is another one's, or was changed.
    pub fn open_answer(&self, question: &[u8], answer: &[u8]) -> Option<Vec<u8>> {
        self.open(answer, &[ANSWER, question].concat())
    }

    fn open(&self, message: &[u8], context: &[u8]) -> Option<Vec<u8>> {
        let key = self.that_sealed(message)?;
        let (header, sealed) = message.split_first_chunk::<HEADER_BYTES>()?;
        let (_, nonce) = header.split_last_chunk::<NONCE_BYTES>()?;
        let context = [&header[..], context].concat();
        key.messages.open(u64::from_le_bytes(*nonce), &context, sealed)
    }

    fn that_sealed(&self, message: &[u8]) -> Option<&DeploymentKey> {
        let [format, id @ ..]: [u8; 1 + KEY_ID_BYTES] = *message.first_chunk()?;
        let known = self.all().find(|key| key.id() == KeyId(id));
        known.filter(|_| format == FORMAT)
    }
}

fn seal(key: &DeploymentKey, nonce: u64, purpose: &[u8], content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![FORMAT];
    bytes.extend_from_slice(&key.id().0);
    bytes.extend_from_slice(&nonce.to_le_bytes());
    let purpose = [&bytes[..], purpose].concat();
    bytes.extend_from_slice(content);
    key.messages.seal(nonce, &purpose, &mut bytes, HEADER_BYTES);
    bytes
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

    #[test]
    fn whoever_has_the_key_is_asked_and_answers() {
        let (before, both, other) = (keys(1, &[]), keys(2, &[1]), keys(3, &[]));
        let question = before.seal_question(7, b"where?");
        assert_eq!(both.open_question(&question).as_deref(), Some(&b"where?"[..]));
        let answer = both.seal_answer(&question, 8, b"there").expect("a key that it has");
        assert_eq!(before.open_answer(&question, &answer).as_deref(), Some(&b"there"[..]));

        assert_eq!(other.open_question(&question), None);
        assert_eq!(other.seal_answer(&question, 8, b"lie"), None);
        assert_eq!(before.open_question(&both.seal_question(7, b"where?")), None);
    }

    #[test]
    fn an_answer_belongs_to_its_question() {
        let keys = keys(1, &[]);
        let (first, second) = (keys.seal_question(7, b"where?"), keys.seal_question(9, b"where?"));
        let answer = keys.seal_answer(&first, 8, b"there").expect("its own key");
        assert_eq!(keys.open_answer(&second, &answer), None);
        assert_eq!(keys.open_question(&answer), None, "it is no question");
        assert_eq!(keys.open_answer(&first, &first), None, "nor is a question an answer");
        assert!(!first.windows(6).any(|bytes| bytes == b"where?"), "it is sealed");
    }

    proptest! {
        #[test]
        fn whatever_is_changed_is_found(flip in any::<Index>(), cut in any::<Index>()) {
            let keys = keys(1, &[2]);
            let question = keys.seal_question(7, b"where?");
            let mut flipped = question.clone();
            let bit = flip.index(flipped.len() * 8);
            flipped[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(keys.open_question(&flipped).is_none());
            prop_assert!(keys.open_question(&question[..cut.index(question.len())]).is_none());
            prop_assert!(keys.seal_answer(&question[..cut.index(5)], 1, b"").is_none());
        }
    }
}
