use std::collections::BTreeSet;
use std::time::Duration;

use model::{SeededRandom, UserId};

use super::*;

const NOW_MS: i64 = 1_700_000_000_000;

/// Six people, of whom the first four are friends of each other and the others have none.
fn bonds() -> Bonds {
    let names = (0..6).map(|n| UserId::parse(&format!("p{n}")).expect("an id")).collect();
    let pairs = (0..4).flat_map(|a| (a + 1..4).map(move |b| (a, b)));
    Bonds::new(Arc::new(Graph::new(names, pairs)))
}

fn has(graph: &Graph, step: Step) -> bool {
    let (a, b) = step.people();
    graph.friends(a).contains(&b)
}

/// Draws until a change is so; all others are undone as if nobody had answered.
fn draw(bonds: &mut Bonds, random: &SeededRandom, fits: impl Fn(Step) -> bool) -> Step {
    for _ in 0..10_000 {
        let mut found = None;
        for step in bonds.choose(random, Instant::now()) {
            if found.is_none() && fits(step) {
                found = Some(step);
            } else {
                bonds.unknown(step);
            }
        }
        if let Some(step) = found {
            return step;
        }
    }
    panic!("it is never drawn")
}

#[test]
fn an_end_is_open_while_it_is_under_way_and_then_told_of_from_its_answer_on() {
    let (mut bonds, random, start) = (bonds(), SeededRandom::new(1), Instant::now());
    let first = bonds.choose(&random, start).remove(0);
    let (a, b) = first.people();
    let now = bonds.since(start + Duration::from_secs(1));
    assert!(!has(&now.steady, first) && has(&now.possible, first), "{first:?} is under way");
    assert_eq!(bonds.after_end_ms(a, b, NOW_MS + 5_000), None);

    bonds.answered(first, start, NOW_MS);
    let now = bonds.since(start + Duration::from_secs(1));
    assert!(!has(&now.steady, first) && !has(&now.possible, first));
    assert!(has(&bonds.since(start).possible, first), "they were friends until then");
    assert_eq!(bonds.after_end_ms(b, a, NOW_MS + 1_200), Some(1_200));
    assert_eq!(bonds.after_end_ms(a, b, NOW_MS), None, "sent before");
}

#[test]
fn who_is_asked_to_be_friends_again_may_be_told_of_again() {
    let (mut bonds, random, start) = (bonds(), SeededRandom::new(2), Instant::now());
    let end = draw(&mut bonds, &random, |step| matches!(step, Step::End(..)));
    bonds.answered(end, start, NOW_MS);
    let (a, b) = end.people();
    let make =
        draw(&mut bonds, &random, |step| matches!(step, Step::Make { pair, .. } if pair == (a, b)));
    assert_eq!(bonds.after_end_ms(a, b, NOW_MS + 5_000), None);
    bonds.answered(make, start, NOW_MS + 5_000);
    let later = bonds.since(start + Duration::from_secs(1));
    assert!(has(&later.steady, make) && has(&later.possible, make));
    assert!(!has(&bonds.since(start).steady, make), "not all the time since then");
}

#[test]
fn a_block_is_lifted_by_whoever_made_it_before_they_become_friends_again() {
    let (mut bonds, random, start) = (bonds(), SeededRandom::new(3), Instant::now());
    let block = draw(&mut bonds, &random, |step| matches!(step, Step::Block(..)));
    let (by, whom) = block.people();
    // Also if nobody knows whether it was made.
    bonds.unknown(block);
    let make = draw(
        &mut bonds,
        &random,
        |step| matches!(step, Step::Make { pair, .. } if key(by, whom) == pair),
    );
    assert!(matches!(make, Step::Make { lift: Some(lifts), .. } if lifts == by), "{make:?}");
    bonds.lifted(make);
    bonds.answered(make, start, NOW_MS);
    assert!(has(&bonds.since(start + Duration::from_secs(1)).steady, make));
}

#[test]
fn nobody_without_friends_gets_any_and_no_pair_is_changed_twice_at_once() {
    let (mut bonds, random) = (bonds(), SeededRandom::new(4));
    let mut under_way = BTreeSet::new();
    for round in 0..2_000 {
        for step in bonds.choose(&random, Instant::now()) {
            let (a, b) = step.people();
            assert!(a < 4 && b < 4, "{step:?}");
            assert!(under_way.insert(key(a, b)), "{step:?} is under way already");
            if round % 3 > 0 {
                under_way.remove(&key(a, b));
                bonds.answered(step, Instant::now(), NOW_MS);
            }
        }
        // The others end without an answer, some later.
        if round % 7 == 0 {
            for pair in std::mem::take(&mut under_way) {
                bonds.unknown(Step::End(pair.0, pair.1));
            }
        }
    }
}

#[test]
fn what_never_changes_is_the_graph_itself() {
    let bonds = bonds();
    let Friendships { steady, possible } = bonds.since(Instant::now());
    assert!(Arc::ptr_eq(&steady, &bonds.first) && Arc::ptr_eq(&possible, &bonds.first));
    assert_eq!(bonds.last_answer(), None);
}
