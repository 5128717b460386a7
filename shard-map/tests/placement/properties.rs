//! What holds for any shards and any series of changes.

use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use shard_map::{SLOTS, Shard, ShardMap, WEIGHT_MAX};

use super::lists::{all_slots, holders, shards};

/// Few names, so that lists share some; in no order of theirs.
const NAMES: [&str; 12] =
    ["c", "B", "a-1", "a-10", "a-2", "x.y", "0", "_", "west", "east", "north", "south"];

/// So many shards at most that the oracle can try every way of rounding.
const SHARDS_MAX: usize = 9;

fn weight() -> impl Strategy<Value = u32> {
    prop_oneof![1 => Just(0), 2 => Just(1), 2 => Just(100), 1 => Just(WEIGHT_MAX), 4 => 1..=WEIGHT_MAX]
}

/// A list of shards, at least one with a weight.
fn list() -> impl Strategy<Value = Vec<Shard>> {
    let names = subsequence(NAMES.to_vec(), 1..=SHARDS_MAX).prop_shuffle();
    names
        .prop_flat_map(|names| {
            let weights = proptest::collection::vec(weight(), names.len());
            weights.prop_map(move |weights| shards(names.iter().copied().zip(weights)))
        })
        .prop_filter("no weight", |list| list.iter().any(|shard| shard.weight > 0))
}

/// A map as somebody may have written it: balanced by nobody, in as many pieces as they liked.
fn written() -> impl Strategy<Value = ShardMap> {
    let pieces = proptest::collection::btree_map(1..SLOTS, any::<Index>(), 0..60);
    (list(), pieces, any::<Index>()).prop_map(|(list, pieces, first)| {
        let able: Vec<&Shard> = list.iter().filter(|shard| shard.weight > 0).collect();
        let mut slots: HashMap<&str, Vec<String>> = HashMap::new();
        let starts: BTreeMap<u16, Index> = [(0, first)].into_iter().chain(pieces).collect();
        let ends = starts.keys().skip(1).copied().chain([SLOTS]);
        for ((start, who), end) in starts.iter().zip(ends) {
            let name = who.get(&able).name.as_str();
            slots.entry(name).or_default().push(format!("{start}-{}", end - 1));
        }
        let entry = |Shard { name, weight }: &Shard| {
            let slots = slots.get(name.as_str()).map(|slots| slots.join(",")).unwrap_or_default();
            format!("[[shard]]\nname = \"{name}\"\nweight = {weight}\nslots = \"{slots}\"\n")
        };
        let entries: Vec<String> = list.iter().map(entry).collect();
        ShardMap::parse(&format!("epoch = 3\n{}", entries.concat())).expect("a valid map")
    })
}

/// The ways in which a map tells who has a slot agree, and each slot has one owner.
fn check_owned_once(map: &ShardMap) -> Result<(), TestCaseError> {
    let mut owners = vec![None; usize::from(SLOTS)];
    for index in 0..map.shards().len() {
        let ranges = map.ranges(index);
        prop_assert!(ranges.windows(2).all(|pair| *pair[0].end() + 1 < *pair[1].start()));
        let held = ranges.into_iter().flatten();
        prop_assert_eq!(held.clone().count(), map.slots(index));
        for slot in held {
            prop_assert_eq!(owners[usize::from(slot)].replace(index), None, "slot {}", slot);
        }
    }
    let told: Vec<_> = all_slots().map(|slot| Some(map.index_of(slot))).collect();
    prop_assert!(owners == told, "ranges and single slots disagree");
    Ok(())
}

/// Every shard has its exact share, rounded down or up.
fn check_balance(map: &ShardMap) -> Result<(), TestCaseError> {
    let sum: u32 = map.shards().iter().map(|shard| shard.weight).sum();
    for (index, shard) in map.shards().iter().enumerate() {
        let exact = f64::from(SLOTS) * f64::from(shard.weight) / f64::from(sum);
        let off = map.slots(index) as f64 - exact;
        prop_assert!(off.abs() < 1.0, "{} holds {} too many", shard.name, off);
    }
    Ok(())
}

/// The fewest slots that any balanced map of the new shards must move, by trying every way of rounding the shares.
fn least_moves(before: &ShardMap, after: &[Shard]) -> usize {
    let mut held: HashMap<&str, u32> = HashMap::new();
    for holder in holders(before) {
        *held.entry(holder).or_default() += 1;
    }
    let sum: u32 = after.iter().map(|shard| shard.weight).sum();
    let mut most_kept = 0;
    for rounding in 0u32..1 << after.len() {
        let (mut given, mut kept, mut possible) = (0, 0, true);
        for (n, Shard { name, weight }) in after.iter().enumerate() {
            let up = (rounding >> n) & 1;
            let exact = u32::from(SLOTS) * weight;
            let quota = exact / sum + up;
            // An exact share has nothing to round.
            possible &= up == 0 || exact % sum > 0;
            given += quota;
            kept += quota.min(held.get(name.as_str()).copied().unwrap_or(0));
        }
        if possible && given == u32::from(SLOTS) {
            most_kept = most_kept.max(kept);
        }
    }
    usize::from(SLOTS) - most_kept as usize
}

/// Moves tell all that differs between two maps and nothing else.
fn check_moves(before: &ShardMap, after: &ShardMap) -> Result<usize, TestCaseError> {
    let mut holders_now = holders(before);
    let moves = before.moves_to(after);
    for moved in &moves {
        prop_assert_ne!(&moved.from, &moved.to);
        for slot in moved.slots.iter().cloned().flatten() {
            let holder = &mut holders_now[usize::from(slot)];
            prop_assert_eq!(*holder, moved.from.as_str(), "slot {}", slot);
            *holder = moved.to.as_str();
        }
    }
    prop_assert!(holders_now == holders(after), "some moves are missing");
    Ok(moves.iter().map(shard_map::Move::count).sum())
}

proptest! {
    #[test]
    fn a_first_map_is_whole_balanced_and_in_one_piece_a_shard(list in list()) {
        let map = ShardMap::deal(list).expect("a valid list");
        prop_assert_eq!(map.epoch(), 1);
        check_owned_once(&map)?;
        check_balance(&map)?;
        for index in 0..map.shards().len() {
            prop_assert!(map.ranges(index).len() <= 1);
        }
    }

    #[test]
    fn the_order_of_the_list_makes_no_difference(
        (list, shuffled) in list().prop_flat_map(|list| (Just(list.clone()), Just(list).prop_shuffle())),
        before in written(),
    ) {
        prop_assert_eq!(ShardMap::deal(list.clone()), ShardMap::deal(shuffled.clone()));
        prop_assert_eq!(before.change(list), before.change(shuffled));
    }

    #[test]
    fn changes_keep_the_balance_and_move_the_fewest_slots_possible(
        first in written(), lists in proptest::collection::vec(list(), 1..4),
    ) {
        let mut before = first;
        for list in lists {
            let after = before.change(list.clone()).expect("a valid list");
            prop_assert_eq!(after.epoch(), before.epoch() + 1);
            check_owned_once(&after)?;
            check_balance(&after)?;
            prop_assert_eq!(check_moves(&before, &after)?, least_moves(&before, &list));
            before = after;
        }
    }

    #[test]
    fn a_change_to_the_same_list_moves_nothing(first in written(), list in list()) {
        let before = first.change(list.clone()).expect("a valid list");
        let after = before.change(list).expect("a valid list");
        prop_assert_eq!(before.moves_to(&after), vec![]);
        prop_assert_eq!(after.epoch(), before.epoch() + 1);
    }

    #[test]
    fn what_is_written_is_read_as_the_same_map(first in written(), list in list()) {
        for map in [first.clone(), first.change(list).expect("a valid list")] {
            prop_assert_eq!(ShardMap::parse(&map.to_toml()), Ok(map));
        }
    }

    #[test]
    fn no_text_breaks_the_reader(
        map in written(), at in any::<Index>(), put in select(vec!["", "9", "-", ",", "\"", "\n", "é", "= 5", "[["]),
    ) {
        let mut text = map.to_toml();
        let (from, _) = *at.get(&text.char_indices().collect::<Vec<_>>());
        text.replace_range(from..=from, put);
        // What is still a map is whole; anything else is refused in words.
        match ShardMap::parse(&text) {
            Ok(map) => check_owned_once(&map)?,
            Err(fault) => prop_assert!(!fault.to_string().is_empty()),
        }
    }
}

#[test]
fn a_thousand_shards_of_uneven_weight_are_balanced_too() {
    let names: Vec<String> = (0..1_024).map(|n| format!("s{n}")).collect();
    let list = |step: usize| -> Vec<Shard> {
        let weight = |n: usize| (n * step % 1_001) as u32;
        shards(names.iter().enumerate().map(|(n, name)| (name.as_str(), weight(n))))
    };
    let before = ShardMap::deal(list(337)).expect("a valid list");
    let after = before.change(list(338)).expect("a valid list");
    for map in [&before, &after] {
        check_owned_once(map).and_then(|()| check_balance(map)).expect("whole and balanced");
    }
    check_moves(&before, &after).expect("moves tell the difference");
}
