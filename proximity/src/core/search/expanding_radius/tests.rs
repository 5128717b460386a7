use std::collections::BTreeMap;

use model::{FeedPosition, Metres, Position, Random, SeededRandom};

use super::*;
use crate::core::limits::Limits;
use crate::core::search::scan::Scanned;

/// All there is, by code and id, as a store keeps it.
type Places = BTreeMap<(Code, BusinessId), Position>;

const NOW: ReadToken = ReadToken { timeline: 1, position: FeedPosition(1) };

fn centre() -> Position {
    Position::new(36.1, -115.2).expect("on Earth")
}

fn scattered(count: usize, degrees: f64) -> Places {
    let random = SeededRandom::new(3);
    let off = || (random.next_u64() as f64 / u64::MAX as f64 - 0.5) * degrees;
    let place = |_| {
        let position = Position::new(36.1 + off(), -115.2 + off()).expect("on Earth");
        ((Code::new(position), BusinessId::random(&random)), position)
    };
    (0..count).map(place).collect()
}

fn on_one_point(count: usize) -> Places {
    let random = SeededRandom::new(4);
    let code = Code::new(centre());
    (0..count).map(|_| ((code, BusinessId::random(&random)), centre())).collect()
}

fn scan(places: &Places, scan: &Scan) -> Scanned {
    let rows = scan.ranges.iter().flat_map(|range| {
        let first = BusinessId::from_integer(0).expect("the first");
        let last = BusinessId::from_integer(i64::MAX).expect("the last");
        places.range((range.first, first)..=(range.last, last))
    });
    let rows = rows.filter(|(key, _)| scan.after.is_none_or(|after| **key > after));
    let candidates: Vec<_> = rows
        .take(scan.rows_max)
        .map(|((_, id), position)| Candidate {
            id: *id,
            position: *position,
            placed: FeedPosition(1),
            hours: None,
            name: None,
        })
        .collect();
    let more = candidates.len() == scan.rows_max;
    Scanned { candidates, more, counted: 0, as_of: NOW }
}

/// Hands an answer over in two parts.
fn take(search: &mut ExpandingRadius<'_>, scanned: &Scanned) -> Option<Found> {
    let Scanned { candidates, more, as_of, .. } = scanned;
    let (one, other) = candidates.split_at(candidates.len() / 3);
    search.look(one, *as_of);
    search.look(other, *as_of);
    search.step(*more, *as_of)
}

/// What the search finds, and in how many scans.
fn run(
    places: &Places,
    query: &Query,
    after: Option<SearchCursor>,
    hint: Option<Millimetres>,
) -> (Found, usize) {
    let mut search = ExpandingRadius::new(query, after, hint, false);
    for scans in 1..100 {
        let scanned = scan(places, &search.wants().0);
        if let Some(found) = take(&mut search, &scanned) {
            return (found, scans);
        }
    }
    panic!("the search has no end");
}

fn brute(places: &Places, query: &Query) -> Vec<(Millimetres, BusinessId)> {
    let all = places.iter().map(|((_, id), at)| (query.circle().distance(*at), *id));
    let mut hits: Vec<_> =
        all.filter(|(distance, _)| *distance <= query.circle().radius()).collect();
    hits.sort_unstable();
    hits
}

fn query(metres: f64, limit: usize) -> Query {
    Query::new(centre(), Metres(metres), limit, &Limits::default()).expect("allowed")
}

#[track_caller]
fn expect(places: &Places, query: &Query, hint: Option<u64>) -> usize {
    let (found, scans) = run(places, query, None, hint.map(Millimetres));
    let mut expected = brute(places, query);
    assert_eq!(found.next.is_some(), expected.len() > query.limit());
    expected.truncate(query.limit());
    let ranks: Vec<_> = found.hits.iter().map(super::super::Hit::rank).collect();
    assert_eq!(ranks, expected, "hint {hint:?}");
    scans
}

#[test]
fn a_good_hint_takes_one_scan_and_no_hint_few() {
    let places = scattered(5_000, 0.4);
    assert_eq!(expect(&places, &query(20_000.0, 20), Some(2_500_000)), 1);
    assert!(expect(&places, &query(20_000.0, 20), None) <= 4);
    assert_eq!(expect(&places, &query(200.0, 20), None), 1);
}

#[test]
fn a_wrong_hint_costs_scans_and_no_results() {
    let places = scattered(30_000, 0.4);
    for hint in [1, 1_000, 30_000, 5_000_000, 20_000_000, u64::MAX / 4] {
        assert!(expect(&places, &query(20_000.0, 20), Some(hint)) < 10, "{hint}");
    }
    assert!(expect(&Places::new(), &query(20_000.0, 20), Some(1)) < 10);
}

#[test]
fn more_on_one_point_than_a_scan_brings_are_all_looked_at() {
    let mut places = on_one_point(25_000);
    places.extend(scattered(100, 0.01));
    for hint in [None, Some(1), Some(20_000_000)] {
        expect(&places, &query(20_000.0, 100), hint);
    }
    let query = query(20_000.0, 100);
    let (mut met, mut after) = (Vec::new(), None);
    for _ in 0..20 {
        let (found, _) = run(&places, &query, after, None);
        met.extend(found.hits.iter().map(super::super::Hit::rank));
        after = found.next;
    }
    assert_eq!(met, brute(&places, &query)[..2_000]);
}

#[test]
fn ties_at_a_rung_are_inside() {
    let places = scattered(400, 0.1);
    for (distance, _) in brute(&places, &query(5_000.0, 1)) {
        expect(&places, &query(5_000.0, 3), Some(distance.0));
    }
}

#[test]
fn later_pages_do_not_read_what_was_shown() {
    let places = scattered(30_000, 0.4);
    let query = query(20_000.0, 20);
    let (hint, shown) = (Some(Millimetres(1_000_000)), Millimetres(15_000_000));
    let id = BusinessId::from_integer(0).expect("an id");
    let after = Some(SearchCursor { distance: shown, id, began: NOW });
    let mut search = ExpandingRadius::new(&query, after, hint, false);
    let mut rows = 0;
    let found = loop {
        let scanned = scan(&places, &search.wants().0);
        rows += scanned.candidates.len();
        if let Some(found) = take(&mut search, &scanned) {
            break found;
        }
    };
    assert_eq!(found.hits.len(), 20);
    assert!(found.hits.iter().all(|hit| hit.distance >= shown));
    assert!(rows < 12_000, "{rows}");
    assert_eq!(search.judge().rows_looked_at(), rows as u64);
}
