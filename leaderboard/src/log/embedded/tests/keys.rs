//! Keys are remembered for a day, in bounded memory.

use model::{CanonicalDigest, Timestamp};

use super::world::{World, board, change, event, request, rules};
use crate::core::limits::KEY_AGE_MS_DEFAULT;
use crate::core::record::EventRecord;
use crate::log::embedded::remembered::RememberedEvents;
use crate::{Applied, Log, Mutation, Outcome, Refusal};

/// Posts the event of this key, which is always the same, at a moment.
async fn post(log: &dyn Log, key: u64, at_ms: i64) -> Result<Vec<Applied>, Refusal> {
    let at = Timestamp(at_ms);
    let mutation = Mutation::Post(event(key, vec![change(0, key, 1)]));
    match log.append(vec![request(mutation, at)]).await.expect("appended").remove(0)? {
        Outcome::Posted(applied) => Ok(applied),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_full_memory_refuses_new_events_until_old_ones_are_forgotten() {
    let mut world = World::new();
    world.options.events_remembered_max = 3;
    let log = world.open().await.expect("opens");
    let mutation = Mutation::PutBoard { id: board(0), rules: rules(0) };
    let made = log.append(vec![request(mutation, Timestamp(0))]).await;
    made.expect("appended").remove(0).expect("made");
    let mut first = Vec::new();
    for key in 0..3 {
        first.push(post(&log, key, key as i64).await.expect("counted"));
    }
    assert_eq!(post(&log, 3, KEY_AGE_MS_DEFAULT).await, Err(Refusal::TooManyEvents));
    drop(log);
    let log = world.open().await.expect("opens");
    assert_eq!(post(&log, 3, KEY_AGE_MS_DEFAULT).await, Err(Refusal::TooManyEvents));
    // What is known is answered as before.
    for key in 0..3 {
        assert_eq!(post(&log, key, KEY_AGE_MS_DEFAULT).await, Ok(first[key as usize].clone()));
    }
    // The first one is older than a day: there is room for one.
    let counted = post(&log, 3, KEY_AGE_MS_DEFAULT + 1).await.expect("counted");
    assert_eq!(counted[0].entry.score, 1);
    assert_eq!(post(&log, 4, KEY_AGE_MS_DEFAULT + 1).await, Err(Refusal::TooManyEvents));
    drop(log);
    let log = world.open().await.expect("opens");
    assert_eq!(post(&log, 3, KEY_AGE_MS_DEFAULT + 2).await, Ok(counted));
    assert_eq!(post(&log, 5, KEY_AGE_MS_DEFAULT + 2).await.expect("counted").len(), 1);
}

/// So many that they take several chunks of memory, a second apart.
#[test]
fn events_are_remembered_for_a_day_and_then_no_more() {
    const EVENTS: u64 = 100_000;
    let second = |key: u64| key as i64 * 1_000;
    let mut remembered = RememberedEvents::new(usize::MAX);
    for key in 0..EVENTS {
        let event = event(key, Vec::new());
        let at = Timestamp(second(key));
        let digest = CanonicalDigest::from_bytes([key as u8; CanonicalDigest::BYTES]);
        let result = Err(Refusal::OutOfRange { min: second(key), max: 0 });
        remembered.take(&EventRecord { event, at, digest, result });
    }
    let now = second(EVENTS - 1);
    remembered.forget(Timestamp(now - KEY_AGE_MS_DEFAULT));
    for key in (0..EVENTS).step_by(97) {
        let known = remembered.get(&event(key, Vec::new()));
        let is_young = now - second(key) <= KEY_AGE_MS_DEFAULT;
        let result = known.map(|known| known.result);
        let expected = Err(Refusal::OutOfRange { min: second(key), max: 0 });
        assert_eq!(result, is_young.then_some(expected), "{key}");
    }
    let count = usize::MAX - remembered.room();
    assert_eq!(count as i64, KEY_AGE_MS_DEFAULT / 1_000 + 1);
    // What is in a snapshot of them comes to the same.
    let mut restored = RememberedEvents::new(usize::MAX);
    let mut next = 0;
    while let Some((number, events)) = remembered.chunk(next) {
        restored.restore(events).expect("whole");
        next = number + 1;
    }
    assert!(next > 3, "{next}");
    for key in (0..EVENTS).step_by(97) {
        let event = event(key, Vec::new());
        assert_eq!(restored.get(&event), remembered.get(&event));
    }
    remembered.forget(Timestamp(now + 1));
    assert_eq!(remembered.room(), usize::MAX);
    assert_eq!(remembered.chunk(0), None);
}
