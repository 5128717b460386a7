//! Searches, held against looking at every business.

use api::Work;
use model::{Metres, Position, Timestamp};

use super::Backend;
use super::world::{NOW, World, at, details};
use crate::core::catalogue::business::Business;
use crate::core::catalogue::category::CategoryKey;
use crate::core::catalogue::details::Details;
use crate::core::catalogue::hours::{Interval, OpeningHours};
use crate::core::catalogue::id::BusinessId;
use crate::core::catalogue::mutation::Mutation;
use crate::core::geo::circle::Millimetres;
use crate::core::refusal::Refusal;
use crate::core::search::{Found, Query};
use crate::error::Error;
use crate::service::{Proximity, run::Detail};

const CATEGORIES: [&str; 3] = ["Food / Thai", "Food / Greek", "Bar"];
/// Metres in a degree of latitude, about.
const DEGREE_M: f64 = 111_195.0;

type Placed = (BusinessId, Details);

/// Businesses at all distances up to `metres` from a centre, most of them near it.
fn around(world: &World, centre: (f64, f64), metres: f64, count: usize) -> Vec<Details> {
    let place = |n: usize| {
        let (turn, part) = (world.part() * std::f64::consts::TAU, world.part().powi(3));
        let north = centre.0 + part * metres / DEGREE_M * turn.cos();
        // Over a pole, on the other side.
        let latitude = if north.abs() > 90.0 { north.signum() * 180.0 - north } else { north };
        let wide = latitude.to_radians().cos().max(1e-6);
        let longitude = centre.1 + part * metres / DEGREE_M / wide * turn.sin();
        let turned = longitude + if north.abs() > 90.0 { 180.0 } else { 0.0 };
        let wrapped = (turned + 180.0).rem_euclid(360.0) - 180.0;
        details(&format!("p{n}"), CATEGORIES[n % 3], at(latitude, wrapped))
    };
    (0..count).map(place).collect()
}

pub(super) fn query(world: &World, centre: Position, metres: f64, limit: usize) -> Query {
    Query::new(centre, Metres(metres), limit, &world.limits).expect("allowed")
}

/// All that a query finds, by looking at each.
pub(super) fn brute(all: &[Placed], query: &Query) -> Vec<(Millimetres, BusinessId)> {
    let mut hits: Vec<_> = all
        .iter()
        .filter(|(_, details)| {
            let is_wanted = query.category().is_none_or(|key| {
                crate::core::catalogue::category::keys(&details.categories).contains(key)
            });
            let is_open_at = |at| details.hours.as_ref().is_some_and(|hours| hours.is_open_at(at));
            let is_open = query.open_when().is_none_or(is_open_at);
            is_wanted && is_open
        })
        .map(|(id, details)| (query.circle().distance(details.position), *id))
        .filter(|(distance, _)| *distance <= query.circle().radius())
        .collect();
    hits.sort_unstable();
    hits
}

pub(super) fn ranks(found: &Found) -> Vec<(Millimetres, BusinessId)> {
    found.hits.iter().map(|hit| (hit.distance, hit.id)).collect()
}

async fn expect(proximity: &Proximity, all: &[Placed], query: &Query) {
    let found = proximity
        .nearby(query, None, Detail::Bare, None, &mut Work::unlimited())
        .await
        .expect("found");
    let mut expected = brute(all, query);
    let total = proximity.total(query, None, &mut Work::unlimited()).await.expect("counted");
    assert_eq!(total, expected.len() as u64, "{query:?}");
    assert_eq!(found.next.is_some(), expected.len() > query.limit(), "{query:?}");
    expected.truncate(query.limit());
    assert_eq!(ranks(&found), expected, "{query:?}");
}

async fn agree(world: &World, all: &[Placed], centres: impl Iterator<Item = Position>) {
    let proximity = world.proximity().await;
    for (n, centre) in centres.enumerate() {
        let metres = [1.0, 80.0, 500.0, 5_000.0, 20_000.0, 100_000.0][n % 6];
        let category = [None, None, CategoryKey::parse("food").ok()][n % 3].clone();
        let query = query(world, centre, metres, [1, 20, 100][n / 2 % 3]).of_category(category);
        expect(&proximity, all, &query).await;
    }
}

fn near(world: &World, centre: (f64, f64), degrees: f64) -> Position {
    let off = || (world.part() - 0.5) * degrees;
    let (latitude, longitude) = (centre.0 + off(), centre.1 + off());
    at(latitude.clamp(-90.0, 90.0), (longitude + 180.0).rem_euclid(360.0) - 180.0)
}

/// One that is only elsewhere, or was, isn't a mistake.
pub async fn a_category_that_never_was_is_refused(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let all = world.fill(vec![details("x", "Food / Bakery", at(1.0, 1.0))]).await;
    let proximity = world.proximity().await;
    let search = async |category: &str| {
        let category = CategoryKey::parse(category).ok();
        let query = query(&world, at(50.0, 50.0), 500.0, 20).of_category(category);
        proximity
            .nearby(&query, None, Detail::Bare, None, &mut Work::unlimited())
            .await
            .map(|found| found.hits.len())
    };
    let unknown = Err(Error::Refused(Refusal::NoSuchCategory));
    for known in ["Food", "food", "food/BAKERY"] {
        assert_eq!(search(known).await, Ok(0), "{known}");
    }
    for mistyped in ["foot", "bakery", "food / bakeries"] {
        assert_eq!(search(mistyped).await, unknown, "{mistyped}");
    }
    // Gone, but not a mistake.
    world.operate(Mutation::Remove { id: all[0].0, expected: None }).await;
    assert_eq!(search("Food").await, Ok(0));
}

/// In a city of uneven density, at any radius.
pub async fn a_search_agrees_with_brute_force(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let mut places = around(&world, (36.1, -115.2), 40_000.0, 1_500);
    places.extend(around(&world, (36.2, -115.1), 1_000.0, 500));
    let all = world.fill(places).await;
    let centres = (0..120).map(|_| near(&world, (36.15, -115.15), 0.3));
    agree(&world, &all, centres).await;
    let on_one = all.iter().step_by(40).map(|(_, details)| details.position);
    agree(&world, &all, on_one).await;
}

/// Both of them, from any longitude.
pub async fn circles_over_a_pole_are_whole(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let mut places = around(&world, (90.0, 0.0), 30_000.0, 300);
    places.extend(around(&world, (-90.0, 70.0), 30_000.0, 300));
    places.extend(
        [0.0, 90.0, -180.0, 13.7].map(|longitude| details("pole", "Bar", at(90.0, longitude))),
    );
    let all = world.fill(places).await;
    let centres = (0..60).map(|n| {
        let pole = if n % 2 == 0 { 90.0 } else { -90.0 };
        near(&world, (pole, f64::from(n) * 6.0), [0.0, 0.02, 0.4][n as usize % 3])
    });
    agree(&world, &all, centres).await;
}

/// As if it weren't there.
pub async fn circles_over_the_antimeridian_are_whole(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let mut places = around(&world, (-17.7, 180.0), 30_000.0, 600);
    places.extend([180.0, -180.0].map(|longitude| details("on it", "Bar", at(-17.7, longitude))));
    let all = world.fill(places).await;
    agree(&world, &all, (0..60).map(|_| near(&world, (-17.7, 180.0), 0.2))).await;
    let on_it = [180.0, -180.0].into_iter().cycle().map(|longitude| at(-17.7, longitude));
    agree(&world, &all, on_it.take(12)).await;
}

/// What is exactly as far as the radius is found, what is a millimetre farther isn't.
pub async fn a_millimetre_decides(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let all = world.fill(around(&world, (36.1, -115.2), 20_000.0, 300)).await;
    let proximity = world.proximity().await;
    let centre = at(36.1, -115.2);
    for (id, details) in all.iter().step_by(4) {
        let distance = query(&world, centre, 1.0, 1).circle().distance(details.position);
        if distance.0 < 2_000 {
            continue;
        }
        for (millimetres, is_found) in
            [(distance.0 - 1, false), (distance.0, true), (distance.0 + 1, true)]
        {
            let query = query(&world, centre, Millimetres(millimetres).metres(), 100);
            assert_eq!(query.circle().radius(), Millimetres(millimetres));
            expect(&proximity, &all, &query).await;
            let total =
                proximity.total(&query, None, &mut Work::unlimited()).await.expect("counted");
            assert_eq!(brute(&all, &query).iter().any(|(_, found)| found == id), is_found);
            assert!(total > 0 || !is_found);
        }
    }
}

/// Up to all of the Earth.
pub async fn circles_larger_than_any_cell_are_searched(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let turn = |n: u32| (f64::from(n) * 0.618).fract();
    let place = |n: u32| {
        let latitude = (turn(n) * 2.0 - 1.0).asin().to_degrees();
        details("x", CATEGORIES[n as usize % 3], at(latitude, f64::from(n) * 37.3 % 360.0 - 180.0))
    };
    let all = world.fill((0..400).map(place).collect()).await;
    let proximity = world.proximity().await;
    for n in 0..40 {
        let centre = near(&world, (0.0, 0.0), [10.0, 100.0, 360.0][n % 3]);
        let metres = [200_000.0, 2_000_000.0, 9_000_000.0, 20_100_000.0][n % 4];
        expect(&proximity, &all, &query(&world, centre, metres, 100)).await;
    }
}

/// Behind thousands of others.
pub async fn a_rare_category_is_found_far_away(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let mut places = around(&world, (36.1, -115.2), 3_000.0, 2_000);
    places.push(details("rare", "Museum / Clowns", at(36.22, -115.2)));
    places.push(details("elsewhere", "Museum / Cars", at(-36.0, 115.0)));
    let all = world.fill(places).await;
    let proximity = world.proximity().await;
    for (asked, count) in [("Museum", 1), ("museum / clowns", 1), ("Museum / Cars", 0)] {
        let category = CategoryKey::parse(asked).ok();
        let query = query(&world, at(36.1, -115.2), 20_000.0, 20).of_category(category);
        expect(&proximity, &all, &query).await;
        assert_eq!(
            proximity.total(&query, None, &mut Work::unlimited()).await,
            Ok(count),
            "{asked}"
        );
    }
}

/// Over midnight, where clocks are set back, and not those whose hours nobody knows.
pub async fn only_those_open_then_are_found(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let mut places = around(&world, (40.75, -73.98), 3_000.0, 400);
    for (n, place) in places.iter_mut().enumerate() {
        let (opens, closes) = [("22:00", "03:00"), ("22:00", "01:30"), ("09:00", "17:00")][n % 3];
        let day = [6, 7][n / 3 % 2];
        let week = vec![Interval::parse(day, opens, closes).expect("a time")];
        if n % 7 > 0 {
            place.hours = OpeningHours::new("America/New_York", week).ok();
        }
    }
    let all = world.fill(places).await;
    let proximity = world.proximity().await;
    // 2026-11-01, when 02:00 EDT becomes 01:00 EST at 06:00Z.
    let midnight = 1_793_505_600_000;
    let mut counts = Vec::new();
    for half_hours in 0..24 {
        let then = Timestamp(midnight + half_hours * 1_800_000);
        let query = query(&world, at(40.75, -73.98), 2_000.0, 20).open_at(Some(then));
        expect(&proximity, &all, &query).await;
        counts.push(brute(&all, &query).len());
    }
    counts.dedup();
    assert!(counts.len() > 3, "{counts:?}");
}

/// Neither when a city was built where there was nothing, nor when one is gone.
pub async fn a_stale_hint_changes_nothing(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let proximity = world.proximity().await;
    let centre = at(36.1, -115.2);
    let wanted = || query(&world, centre, 20_000.0, 20);
    expect(&proximity, &[], &wanted()).await;
    let all = world.fill(around(&world, (36.1, -115.2), 5_000.0, 3_000)).await;
    world.settle(&proximity).await;
    expect(&proximity, &all, &wanted()).await;
    // This one has learned that it is dense.
    let proximity = world.proximity().await;
    expect(&proximity, &all, &wanted()).await;
    let (gone, left) = all.split_at(2_990);
    for chunk in gone.chunks(crate::BATCH_MAX) {
        let remove = |(id, _): &Placed| {
            let remove = Mutation::Remove { id: *id, expected: None };
            super::world::write(super::world::operator(), remove)
        };
        world.apply(chunk.iter().map(remove).collect()).await;
    }
    world.settle(&proximity).await;
    expect(&proximity, left, &wanted()).await;
}

/// Names, or all on record.
pub async fn a_search_tells_as_much_as_asked_for(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let all = world.fill(around(&world, (36.1, -115.2), 500.0, 50)).await;
    let proximity = world.proximity().await;
    let query = query(&world, at(36.1, -115.2), 500.0, 20);
    for detail in [Detail::Bare, Detail::Named, Detail::Full] {
        let found = proximity
            .nearby(&query, None, detail, None, &mut Work::unlimited())
            .await
            .expect("found");
        assert_eq!(found.hits.len(), 20);
        for hit in found.hits {
            let (id, said) = all.iter().find(|(id, _)| *id == hit.id).expect("one of them");
            assert_eq!(hit.position, said.position);
            assert_eq!(hit.name, (detail == Detail::Named).then(|| said.name.clone()));
            let business = hit.business.map(|business| *business);
            let is_same = |Business { id: found, details, updated, .. }: Business| {
                (found, details, updated) == (*id, said.clone(), NOW)
            };
            assert_eq!(business.map(is_same), (detail == Detail::Full).then_some(true));
        }
    }
}
