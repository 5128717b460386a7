//! A map as people and programs read it.

use std::ops::RangeInclusive;

use ::shard_map::{Move, SLOTS, ShardMap, Slot};
use comfy_table::Table;
use model::UserId;
use serde::Serialize;

use super::super::columns;

/// How many ranges of one shard a table shows; JSON has all.
const RANGES_SHOWN_MAX: usize = 8;

#[derive(Serialize)]
pub(super) struct MapView {
    epoch: u64,
    shards: Vec<ShardView>,
}

#[derive(Serialize)]
struct ShardView {
    name: String,
    weight: u32,
    slots: usize,
    share_percent: f64,
    ranges: Vec<(u16, u16)>,
}

#[derive(Serialize)]
pub(super) struct UserView {
    user: String,
    slot: u16,
    shard: String,
}

#[derive(Serialize)]
pub(super) struct MoveView {
    from: String,
    to: String,
    slots: usize,
    share_percent: f64,
    ranges: Vec<(u16, u16)>,
}

/// What part of the users live in so many slots, to a hundredth of a percent.
pub(super) fn percent(slots: usize) -> f64 {
    (slots as f64 * 10_000.0 / f64::from(SLOTS)).round() / 100.0
}

fn pairs(ranges: &[RangeInclusive<u16>]) -> Vec<(u16, u16)> {
    ranges.iter().map(|range| (*range.start(), *range.end())).collect()
}

impl MapView {
    pub(super) fn new(map: &ShardMap) -> Self {
        let shards = map.shards().iter().enumerate().map(|(index, shard)| ShardView {
            name: shard.name.to_string(),
            weight: shard.weight,
            slots: map.slots(index),
            share_percent: percent(map.slots(index)),
            ranges: pairs(&map.ranges(index)),
        });
        Self { epoch: map.epoch(), shards: shards.collect() }
    }

    pub(super) fn table(&self) -> Table {
        let rows = self.shards.iter().map(|shard| {
            [
                shard.name.clone(),
                shard.weight.to_string(),
                shard.slots.to_string(),
                format!("{:.2} %", shard.share_percent),
                in_words(&shard.ranges),
            ]
        });
        columns::table(["shard", "weight", "slots", "users", "ranges"], 1..4, rows)
    }
}

impl UserView {
    pub(super) fn new(map: &ShardMap, user: &UserId) -> Self {
        let shard = map.owner(user).name.to_string();
        Self { user: user.to_string(), slot: Slot::from(user).number(), shard }
    }

    pub(super) fn table(users: &[Self]) -> Table {
        let rows =
            users.iter().map(|view| [view.user.clone(), view.slot.to_string(), view.shard.clone()]);
        columns::table(["user", "slot", "lives on"], 1..2, rows)
    }
}

impl MoveView {
    pub(super) fn new(one: &Move) -> Self {
        Self {
            from: one.from.to_string(),
            to: one.to.to_string(),
            slots: one.count(),
            share_percent: percent(one.count()),
            ranges: pairs(&one.slots),
        }
    }

    pub(super) fn table(moves: &[Self]) -> Table {
        let rows = moves.iter().map(|one| {
            [
                one.from.clone(),
                one.to.clone(),
                one.slots.to_string(),
                format!("{:.2} %", one.share_percent),
                in_words(&one.ranges),
            ]
        });
        columns::table(["from", "to", "slots", "users", "ranges"], 2..4, rows)
    }
}

/// `0-5460, 8000`, and how many more there are.
fn in_words(ranges: &[(u16, u16)]) -> String {
    let word = |(first, last): &(u16, u16)| {
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    };
    let mut words: Vec<_> = ranges.iter().take(RANGES_SHOWN_MAX).map(word).collect();
    let more = ranges.len() - words.len();
    if more > 0 {
        words.push(format!("and {more} more"));
    }
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_told_in_few_words() {
        assert_eq!(in_words(&[]), "");
        assert_eq!(in_words(&[(0, 5_460), (8_000, 8_000)]), "0-5460, 8000");
        let many: Vec<_> = (0..10).map(|n| (n * 2, n * 2)).collect();
        assert_eq!(in_words(&many), "0, 2, 4, 6, 8, 10, 12, 14, and 2 more");
    }

    #[test]
    fn shares_are_hundredths_of_a_percent() {
        let close = |slots, share: f64| (percent(slots) - share).abs() < 1e-9;
        assert!(close(16_384, 100.0) && close(5_461, 33.33) && close(0, 0.0) && close(1, 0.01));
    }
}
