//! Chunks that a store doesn't take.

use super::{RECEIVED, RegisterBackend, START, chunks, erasure, id, open_register};
use crate::{DEAD_LETTERS_MAX, DeadLetter, REASON_BYTES_MAX, Register, StoredChunk};

/// As they were; of a long reason the beginning.
pub async fn they_come_in_the_order_in_which_they_were_put_aside(backend: &dyn RegisterBackend) {
    let register = open_register(backend).await;
    let letters = put_aside(&*register, chunks("alice", 3)).await;
    assert_eq!(register.dead_letters(2).await, Ok(letters[..2].to_vec()));
    assert_eq!(register.dead_letters(9).await, Ok(letters.clone()));
    let aside = super::records::record(&*register, "alice").await.put_aside;
    assert_eq!(aside, Some(super::range(START, START + 180_001)));
    assert_eq!(super::records::record(&*register, "bob").await.put_aside, None);
    let reason = "ü".repeat(REASON_BYTES_MAX);
    let long = DeadLetter { reason: reason.clone(), ..letters[0].clone() };
    register.put_aside(&long).await.expect("the register is there");
    let found = register.dead_letters(9).await.expect("the register is there");
    assert_eq!(found[3].reason, reason[..REASON_BYTES_MAX]);
}

/// Of their user and range; all of the user's when all is erased.
pub async fn erasures_reach_them(backend: &dyn RegisterBackend) {
    let register = open_register(backend).await;
    let alice = put_aside(&*register, chunks("alice", 3)).await;
    let bob = put_aside(&*register, chunks("bob", 3)).await;
    let first = erasure(START, START + 60_001);
    register.erase(&id("alice"), first).await.expect("the register is there").expect("few");
    let left = [&alice[1..], &bob[..]].concat();
    assert_eq!(register.dead_letters(DEAD_LETTERS_MAX).await, Ok(left));
    register.erase_all(&id("alice"), RECEIVED).await.expect("the register is there");
    assert_eq!(register.dead_letters(DEAD_LETTERS_MAX).await, Ok(bob));
    assert_eq!(super::records::record(&*register, "alice").await.put_aside, None);
}

async fn put_aside(register: &dyn Register, chunks: Vec<StoredChunk>) -> Vec<DeadLetter> {
    let mut letters = Vec::new();
    for chunk in chunks {
        let letter = DeadLetter { chunk, reason: "too large".to_owned(), at: RECEIVED };
        register.put_aside(&letter).await.expect("the register is there");
        letters.push(letter);
    }
    letters
}
