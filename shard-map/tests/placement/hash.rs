//! Users spread over the slots, however an application numbers them.

use model::UserId;
use shard_map::{SLOTS, Slot};

use super::lists::dealt;

/// As many ids as make 20 a slot.
const USERS: usize = 20 * SLOTS as usize;

fn id(text: &str) -> UserId {
    UserId::parse(text).expect("a valid id")
}

/// How many fall into each of so many places.
fn tally(places: usize, at: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut counts = vec![0; places];
    at.for_each(|place| counts[place] += 1);
    counts
}

/// By how many standard deviations Pearson's χ² of equally likely places is away from its mean. Random ids stay within 6,
/// but for one run in a hundred million; ours aren't random, so each run finds the same.
#[track_caller]
fn assert_even(what: &str, counts: &[usize]) {
    let users: usize = counts.iter().sum();
    let expected = users as f64 / counts.len() as f64;
    let squares: f64 = counts.iter().map(|count| (*count as f64 - expected).powi(2)).sum();
    let freedom = (counts.len() - 1) as f64;
    let deviations = (squares / expected - freedom) / (2.0 * freedom).sqrt();
    assert!(deviations.abs() < 6.0, "{what}: {deviations} standard deviations");
}

/// The id of the n-th user.
type Form = fn(usize) -> String;

#[test]
fn ids_in_sequence_spread_evenly_over_all_slots() {
    let forms: [(&str, Form); 6] = [
        ("numbers", |n| n.to_string()),
        ("numbers of one length", |n| format!("{n:012}")),
        ("with a prefix", |n| format!("user-{n}")),
        ("with a suffix", |n| format!("{n}.customer.example.org")),
        ("hexadecimal", |n| format!("{n:08x}-0000-4000-8000-000000000000")),
        ("thousands", |n| format!("{}", n * 1_000)),
    ];
    for (form, text) in forms {
        let slots = (0..USERS).map(|n| usize::from(Slot::from(&id(&text(n))).number()));
        assert_even(form, &tally(usize::from(SLOTS), slots));
    }
}

#[test]
fn shards_of_equal_weight_have_equally_many_users() {
    let map = dealt([("a", 1), ("b", 1), ("c", 1), ("d", 1)]);
    let holders = (0..100_000).map(|n| map.index_of(Slot::from(&id(&format!("user-{n}")))));
    assert_even("shards", &tally(4, holders));
}
