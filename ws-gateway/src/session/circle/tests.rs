use std::collections::BTreeSet;

use model::FeedPosition;
use proptest::prelude::*;

use super::*;

fn id(n: usize) -> UserId {
    UserId::parse(&format!("u{n}")).expect("a valid id")
}

fn at(position: u64) -> ReadToken {
    ReadToken { timeline: 1, position: FeedPosition(position) }
}

fn amendment(position: u64, n: usize, is_friend: bool) -> Amendment {
    Amendment { as_of: at(position), what: Amended::Friend(id(n), is_friend) }
}

/// The circle after the first `count` of these changes.
fn after(changes: &[(usize, bool)], count: usize) -> Circle {
    let mut friends = BTreeSet::new();
    for (n, is_friend) in &changes[..count] {
        if *is_friend {
            friends.insert(id(*n));
        } else {
            friends.remove(&id(*n));
        }
    }
    let friends = friends.into_iter().collect();
    Circle { as_of: at(count as u64), friends, radius: Metres(1.0) }
}

/// What a session does with what it is told.
#[derive(Default)]
struct Follower {
    log: CircleLog,
    friends: BTreeSet<UserId>,
}

impl Follower {
    fn amend(&mut self, amendment: &Amendment) {
        if self.log.amend(amendment) == Effect::Apply {
            let Amended::Friend(other, is_friend) = &amendment.what else { return };
            if *is_friend {
                self.friends.insert(other.clone());
            } else {
                self.friends.remove(other);
            }
        }
    }

    fn read(&mut self, circle: Circle) {
        if let Some(circle) = self.log.read(circle) {
            self.friends = circle.friends.into_iter().collect();
        }
    }
}

proptest! {
    #[test]
    fn in_whatever_order_changes_and_readings_come_the_latest_of_each_counts(
        changes in proptest::collection::vec((0..5usize, any::<bool>()), 1..30),
        readings in proptest::collection::vec(0..30usize, 1..4),
        order in proptest::collection::vec(any::<prop::sample::Index>(), 40),
    ) {
        // Each change twice, and some readings, in any order; the last reading and all later changes are among them.
        let mut events: Vec<_> = (0..changes.len()).chain(0..changes.len()).map(Ok).collect();
        let readings: Vec<_> = readings.into_iter().map(|n| n % (changes.len() + 1)).collect();
        events.extend(readings.iter().map(|count| Err(*count)));
        let mut follower = Follower::default();
        for index in order {
            if events.is_empty() { break }
            match events.swap_remove(index.index(events.len())) {
                Ok(n) => follower.amend(&amendment(n as u64 + 1, changes[n].0, changes[n].1)),
                Err(count) => follower.read(after(&changes, count)),
            }
        }
        for event in events {
            match event {
                Ok(n) => follower.amend(&amendment(n as u64 + 1, changes[n].0, changes[n].1)),
                Err(count) => follower.read(after(&changes, count)),
            }
        }
        let expected: BTreeSet<_> = after(&changes, changes.len()).friends.into_iter().collect();
        prop_assert_eq!(follower.friends, expected);
    }
}

#[test]
fn a_change_of_another_timeline_asks_for_a_reading() {
    let mut log = CircleLog::default();
    assert!(log.read(after(&[], 0)).is_some());
    let elsewhere = Amendment {
        as_of: ReadToken { timeline: 2, position: FeedPosition(9) },
        ..amendment(9, 1, false)
    };
    assert_eq!(log.amend(&elsewhere), Effect::Unknown);
    assert!(
        log.read(Circle {
            as_of: ReadToken { timeline: 2, position: FeedPosition(9) },
            ..after(&[], 0)
        })
        .is_some()
    );
    assert_eq!(log.amend(&elsewhere), Effect::None, "it is in the reading");
}

#[test]
fn a_reading_of_before_a_promotion_does_not_count_once_a_change_of_after_it_came() {
    let mut log = CircleLog::default();
    let promoted = Amendment {
        as_of: ReadToken { timeline: 2, position: FeedPosition(1) },
        ..amendment(1, 1, false)
    };
    assert_eq!(log.amend(&promoted), Effect::Apply);
    assert!(log.read(after(&[(1, true)], 1)).is_none());
}

#[test]
fn more_changes_than_are_remembered_ask_for_a_reading() {
    let mut log = CircleLog::default();
    for n in 0..AMENDMENTS_MAX {
        assert_eq!(log.amend(&amendment(n as u64 + 1, n, true)), Effect::Apply);
    }
    let one_more = amendment(AMENDMENTS_MAX as u64 + 1, AMENDMENTS_MAX, true);
    assert_eq!(log.amend(&one_more), Effect::Unknown);
}
