//! What searches read.

use std::collections::BTreeMap;

use super::Backend;
use super::world::{World, at, details};
use crate::core::catalogue::category::CategoryKey;
use crate::core::catalogue::details::{Details, Name};
use crate::core::catalogue::hours::{Interval, OpeningHours};
use crate::core::catalogue::id::BusinessId;
use crate::core::catalogue::mutation::Mutation;
use crate::core::geo::cell::{Code, Range};
use crate::core::search::scan::{SCAN_ROWS_MAX, Scan, Scanned};

const CATEGORIES: [&str; 4] = ["Food / Thai", "Food / Greek", "Bar", "bar / Wine"];

/// Businesses around a few centres, many of them on one point.
fn crowd(world: &World, count: usize) -> Vec<Details> {
    let centres = [(36.1, -115.2), (0.0, 0.0), (-17.7, 180.0), (89.9, 10.0)];
    let place = |n: usize| {
        let (latitude, longitude) = centres[world.below(centres.len())];
        let shift = if n.is_multiple_of(3) { 0.0 } else { world.part() * 0.1 };
        details(&format!("p{n}"), CATEGORIES[n % 4], at(latitude + shift, longitude - shift))
    };
    (0..count).map(place).collect()
}

fn key(text: &str) -> CategoryKey {
    CategoryKey::parse(text).expect("a category")
}

fn everywhere() -> Vec<Range> {
    vec![Range::of_prefix(0, 0)]
}

/// Some ranges of many sizes, in order, with gaps; businesses at their ends.
fn some_ranges(world: &World, all: &[(BusinessId, Details)]) -> Vec<Range> {
    let code = || Code::new(all[world.below(all.len())].1.position);
    let mut ends: Vec<Code> = (0..2 + 2 * world.below(8)).map(|_| code()).collect();
    ends.sort_unstable();
    ends.dedup();
    let range = |pair: &[Code]| Range { first: pair[0], last: pair[1] };
    ends.chunks_exact(2).map(range).collect()
}

fn within(ranges: &[Range], details: &Details) -> bool {
    ranges.iter().any(|range| range.contains(Code::new(details.position)))
}

async fn scan(world: &World, scan: Scan) -> Scanned {
    let scanned = world.store.scan(scan, None).await.expect("the store is there");
    let place = |c: &crate::core::search::scan::Candidate| (Code::new(c.position), c.id);
    assert!(scanned.candidates.is_sorted_by_key(place), "in the order of code and id");
    scanned
}

async fn ids(world: &World, ranges: Vec<Range>, category: Option<CategoryKey>) -> Vec<BusinessId> {
    let wanted = Scan { ranges, category, rows_max: SCAN_ROWS_MAX, ..Scan::default() };
    let scanned = scan(world, wanted).await;
    assert!(!scanned.more && scanned.counted == 0);
    let mut ids: Vec<_> = scanned.candidates.iter().map(|candidate| candidate.id).collect();
    ids.sort_unstable();
    ids
}

fn sorted(ids: impl Iterator<Item = BusinessId>) -> Vec<BusinessId> {
    let mut ids: Vec<_> = ids.collect();
    ids.sort_unstable();
    ids
}

/// All of it, and nothing else.
pub async fn a_scan_finds_what_lies_in_its_ranges(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let nothing = Scan { ranges: everywhere(), rows_max: 10, ..Scan::default() };
    let empty = scan(&world, nothing).await;
    assert_eq!((empty.candidates, empty.more, empty.as_of.position.0), (vec![], false, 0));
    let all = world.fill(crowd(&world, 1_500)).await;
    for _ in 0..60 {
        let ranges = some_ranges(&world, &all);
        let expected = all.iter().filter(|(_, details)| within(&ranges, details));
        let expected = sorted(expected.map(|(id, _)| *id));
        assert_eq!(ids(&world, ranges, None).await, expected);
    }
    let none = Scan { rows_max: 10, ..Scan::default() };
    assert!(scan(&world, none).await.candidates.is_empty());
    let everything = Scan { ranges: everywhere(), rows_max: SCAN_ROWS_MAX, ..Scan::default() };
    let found = scan(&world, everything).await;
    assert_eq!((found.candidates.len(), found.as_of.position.0), (1_500, 1_500));
    let by_id: BTreeMap<_, _> = all.into_iter().collect();
    for candidate in found.candidates {
        let position = by_id[&candidate.id].position;
        assert_eq!(candidate.position.latitude().to_bits(), position.latitude().to_bits());
        assert_eq!(candidate.position.longitude().to_bits(), position.longitude().to_bits());
        assert_eq!(candidate.hours, None);
    }
}

/// Also in the middle of a point, with a category or without.
pub async fn a_scan_goes_on_behind_its_last_row(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let all = world.fill(crowd(&world, 900)).await;
    for category in [None, Some(key("food"))] {
        for rows_max in [1, 7, 100, 450, 900, 901] {
            if rows_max == 1 && category.is_none() {
                continue;
            }
            let (mut met, mut after) = (Vec::new(), None);
            loop {
                let ranges = everywhere();
                let category = category.clone();
                let wanted = Scan { ranges, category, after, rows_max, ..Scan::default() };
                let page = scan(&world, wanted).await;
                assert!(page.candidates.len() <= rows_max);
                let Some(last) = page.candidates.last() else { break };
                after = Some((Code::new(last.position), last.id));
                met.extend(page.candidates.iter().map(|candidate| candidate.id));
                if !page.more {
                    break;
                }
            }
            let wanted = all.iter().filter(|(_, details)| {
                category.is_none() || details.categories[0].as_str().starts_with("Food")
            });
            assert_eq!(sorted(met.into_iter()), sorted(wanted.map(|(id, _)| *id)), "{rows_max}");
        }
    }
}

/// In ranges of any size, beside those scanned, with a category or without, whatever was moved and removed.
pub async fn counts_agree_with_rows(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let mut all = world.fill(crowd(&world, 800)).await;
    for (n, moved) in crowd(&world, 100).into_iter().enumerate() {
        let (id, details) = (all[n].0, Box::new(moved.clone()));
        world.operate(Mutation::Replace { id, expected: None, details }).await;
        all[n].1 = moved;
    }
    for (id, _) in all.drain(..50) {
        world.operate(Mutation::Remove { id, expected: None }).await;
    }
    for n in 0..60 {
        let category = (n % 2 == 1).then(|| key("food / thai"));
        let counted = if n < 2 { everywhere() } else { some_ranges(&world, &all) };
        let expected = all.iter().filter(|(_, details)| {
            let is_wanted = category.is_none() || details.categories[0].as_str() == CATEGORIES[0];
            is_wanted && within(&counted, details)
        });
        let expected = expected.count() as u64;
        let ranges = some_ranges(&world, &all);
        let wanted = Scan { ranges, category, counted, rows_max: 5, ..Scan::default() };
        assert_eq!(scan(&world, wanted).await.counted, expected);
    }
}

/// Whatever capitals they are written with; once, also by more than one category of a group.
pub async fn businesses_are_found_by_category_and_group(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let all = world.fill(crowd(&world, 200)).await;
    let mut both = details("both", "Food / Thai", at(1.0, 1.0));
    both.categories.push(
        crate::core::catalogue::category::Category::parse("Food / Greek").expect("a category"),
    );
    let both = world.operate(world.create(both)).await.id;
    for (asked, of) in [
        ("Food / Thai", &[0][..]),
        ("food/greek", &[1]),
        ("FOOD", &[0, 1]),
        ("Bar", &[2, 3]),
        ("bar / wine", &[3]),
        ("Foo", &[]),
        ("Thai", &[]),
        ("Food / ", &[0, 1]),
    ] {
        let expected = all.iter().enumerate().filter(|(n, _)| of.contains(&(n % 4)));
        let expected = expected.map(|(_, (id, _))| *id);
        let extra = of.iter().any(|of| *of < 2).then_some(both);
        let found = ids(&world, everywhere(), Some(key(asked))).await;
        assert_eq!(found, sorted(expected.chain(extra)), "{asked}");
    }
}

/// By place and category, after each kind of change; `placed` says since when.
pub async fn businesses_are_found_where_they_are_now(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let (there, here) = (at(36.1, -115.2), at(-17.7, 180.0));
    let around = |position| vec![Range { first: Code::new(position), last: Code::new(position) }];
    let made = world.operate(world.create(details("x", "Bar", there))).await;
    let id = made.id;
    let one = |details| Mutation::Replace { id, expected: None, details: Box::new(details) };
    let steps = [
        (details("x", "Bar", here), "bar", "food", 2),
        (details("x", "Food / Thai", here), "food / thai", "bar", 2),
        (details("y", "Food / Thai", here), "food", "bar", 2),
        // A millionth of a degree: the same for many, another place for us.
        (details("y", "Food / Thai", at(-17.700_001, 180.0)), "food", "bar", 5),
        (details("y", "Food / Thai", here), "food", "bar", 6),
    ];
    for (changed, is, is_not, placed) in steps {
        let now = changed.position;
        world.operate(one(changed)).await;
        assert_eq!(ids(&world, around(now), None).await, [id]);
        assert_eq!(ids(&world, everywhere(), None).await, [id]);
        assert_eq!(ids(&world, everywhere(), Some(key(is))).await, [id]);
        assert_eq!(ids(&world, everywhere(), Some(key(is_not))).await, []);
        assert_eq!(ids(&world, around(there), None).await, []);
        for category in [None, Some(key(is))] {
            let ranges = everywhere();
            let wanted = Scan { ranges, category, rows_max: 2, ..Scan::default() };
            assert_eq!(scan(&world, wanted).await.candidates[0].placed.0, placed);
        }
    }
    world.operate(Mutation::Remove { id, expected: None }).await;
    assert_eq!(ids(&world, everywhere(), None).await, []);
    assert_eq!(ids(&world, everywhere(), Some(key("food"))).await, []);
}

/// And not otherwise.
pub async fn hours_come_when_asked_for(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let interval = Interval::parse(1, "09:00", "17:00").expect("a time");
    let mut open = details("open", "Bar", at(0.0, 0.0));
    open.hours = OpeningHours::new("Europe/Lisbon", vec![interval]).ok();
    let unknown = details("unknown", "Bar", at(1.0, 1.0));
    for details in [&open, &unknown] {
        world.operate(world.create(details.clone())).await;
    }
    for category in [None, Some(key("bar"))] {
        for hours in [false, true] {
            let (ranges, category) = (everywhere(), category.clone());
            let wanted = Scan { ranges, category, rows_max: 9, hours, ..Scan::default() };
            for candidate in scan(&world, wanted).await.candidates {
                let said = if candidate.position == open.position { &open } else { &unknown };
                assert_eq!(candidate.hours.as_deref(), said.hours.as_ref().filter(|_| hours));
            }
        }
    }
}

/// And not otherwise; new ones too, wherever the business is found.
pub async fn names_come_when_asked_for(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let id = world.operate(world.create(details("Bar", "Bar", at(0.0, 0.0)))).await.id;
    for called in ["Old Town Bar", "New Town Bar"] {
        let details = details(called, "Bar", at(0.0, 0.0));
        world.operate(Mutation::Replace { id, expected: None, details: Box::new(details) }).await;
        for (category, names) in [(None, true), (Some(key("bar")), true), (None, false)] {
            let wanted =
                Scan { ranges: everywhere(), category, rows_max: 2, names, ..Scan::default() };
            for hours in [false, true] {
                let found = scan(&world, Scan { hours, ..wanted.clone() }).await.candidates;
                let told: Vec<_> =
                    found.iter().map(|it| it.name.as_ref().map(Name::as_str)).collect();
                assert_eq!(told, [Some(called).filter(|_| names)]);
            }
        }
    }
}

/// Cell by cell, in their areas.
pub async fn densities_count_what_is_there(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let mut all = world.fill(crowd(&world, 500)).await;
    for (id, _) in all.drain(..200) {
        world.operate(Mutation::Remove { id, expected: None }).await;
    }
    let mut expected: BTreeMap<_, BTreeMap<_, u32>> = BTreeMap::new();
    for (_, details) in &all {
        let code = Code::new(details.position);
        *expected.entry(code.area()).or_default().entry(code.counted_cell()).or_default() += 1;
    }
    for (area, cells) in expected {
        let found = world.store.density(area).await.expect("the store is there");
        assert!(found.into_iter().eq(cells));
    }
    let desert = Code::new(at(24.0, 12.0)).area();
    assert_eq!(world.store.density(desert).await.expect("the store is there"), []);
}
