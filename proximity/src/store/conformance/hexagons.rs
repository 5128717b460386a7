//! Businesses counted by the cells of H3.

use std::collections::BTreeMap;

use super::Backend;
use super::world::{NOW, World, at, details, operator, source, write};
use crate::core::catalogue::details::Details;
use crate::core::catalogue::id::BusinessId;
use crate::core::catalogue::mutation::{Import, Mutation};
use crate::core::geo::hexagon::{HEXAGONS_MAX, Hexagon, HexagonRange, Resolution, Viewport};

/// Around these: a city, the antimeridian, either pole, a pentagon, and where the world's longitudes begin.
const CENTRES: [(f64, f64); 6] =
    [(36.1, -115.2), (-17.7, 180.0), (89.9, 10.0), (-90.0, 0.0), (64.7, 10.5), (0.0, 0.0)];

fn near(world: &World, degrees: f64) -> Details {
    let (latitude, longitude) = CENTRES[world.below(CENTRES.len())];
    let shift = |to: f64| (world.part() * 2.0 - 1.0) * to;
    let latitude = (latitude + shift(degrees)).clamp(-90.0, 90.0);
    let longitude = (longitude + shift(2.0 * degrees) + 540.0).rem_euclid(360.0) - 180.0;
    details("x", "Bar", at(latitude, longitude))
}

/// Most of them close together, some of them on one point.
fn crowd(world: &World, count: usize) -> Vec<Details> {
    let degrees = [0.0, 0.001, 0.01, 0.1, 5.0];
    (0..count).map(|n| near(world, degrees[n % degrees.len()])).collect()
}

fn viewport(world: &World) -> Viewport {
    let centre = near(world, 0.1).position;
    let height = 90.0 * 10_f64.powf(-6.0 * world.part());
    let wrap = |degrees: f64| (degrees + 540.0).rem_euclid(360.0) - 180.0;
    let (south, north) = (centre.latitude() - height, centre.latitude() + height);
    let (west, east) = (centre.longitude() - height, centre.longitude() + height);
    let edges = (south.max(-90.0), wrap(west), north.min(90.0), wrap(east));
    Viewport::new(edges.0, edges.1, edges.2, edges.3).expect("on Earth")
}

async fn counted(world: &World, ranges: Vec<HexagonRange>) -> Vec<(Hexagon, u64)> {
    world.store.hexagons(ranges, None).await.expect("the store is there")
}

/// What the store should say of everything, one business after the other.
fn expected(all: &[(BusinessId, Details)]) -> BTreeMap<Hexagon, u64> {
    let mut cells = BTreeMap::new();
    for cell in all.iter().flat_map(|(_, details)| Hexagon::all_of(details.position)) {
        *cells.entry(cell).or_default() += 1;
    }
    cells
}

/// All counters there are.
async fn check_all(world: &World, all: &[(BusinessId, Details)]) {
    let expected = expected(all);
    for resolution in Resolution::all() {
        let found = counted(world, vec![HexagonRange::whole(resolution)]).await;
        let expected = expected.iter().filter(|(cell, _)| cell.resolution() == resolution);
        assert!(found.into_iter().eq(expected.map(|(cell, count)| (*cell, *count))));
    }
}

/// In viewports of every size, at every resolution.
pub async fn cells_of_a_viewport_count_what_is_there(backend: &dyn Backend) {
    let world = World::open(backend).await;
    assert!(counted(&world, vec![HexagonRange::whole(Resolution::MAX)]).await.is_empty());
    let all = world.fill(crowd(&world, 1_200)).await;
    check_all(&world, &all).await;
    let everywhere = expected(&all);
    let mut met = 0;
    for n in 0..60 {
        let viewport = viewport(&world);
        let resolution = viewport.finest(if n % 8 == 0 { HEXAGONS_MAX } else { 300 });
        let cover = viewport.cover(resolution).expect("few enough");
        let range = |range: &HexagonRange| everywhere.range(range.first..=range.last);
        let expected = cover.iter().flat_map(range).map(|(cell, count)| (*cell, *count));
        let expected: Vec<_> = expected.collect();
        let found = counted(&world, cover).await;
        assert!(found.is_sorted() && found == expected);
        met += found.len();
    }
    assert!(met > 300, "the viewports show too little: {met}");
    assert!(counted(&world, Vec::new()).await.is_empty());
}

/// Moves near and far, removals, imports that come again with other places; and not other changes.
pub async fn counters_follow_every_change(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let mut all = world.fill(crowd(&world, 400)).await;
    for (n, (id, stands)) in all.iter_mut().enumerate().take(100) {
        let (id, place) = (*id, stands.position);
        let moved = match n % 4 {
            0 => near(&world, 1.0),
            // Some metres: into the next of the finest cells, or not.
            1 => details("x", "Bar", at(place.latitude() * 0.999_999, place.longitude())),
            2 => details("x", "Bar", at(place.latitude(), 0.0)),
            _ => details("renamed", "Food", place),
        };
        let replaced = Box::new(moved.clone());
        world.operate(Mutation::Replace { id, expected: None, details: replaced }).await;
        *stands = moved;
    }
    for (id, _) in all.drain(50..80) {
        world.operate(Mutation::Remove { id, expected: None }).await;
    }
    check_all(&world, &all).await;

    // The same sources: those that are still there move, the others are made again.
    let places: Vec<_> = (0..400).map(|_| near(&world, 0.01)).collect();
    let import = |(n, details): (usize, &Details)| Import {
        id: world.id(),
        source: source(n),
        details: details.clone(),
    };
    let batch: Vec<_> = places.iter().enumerate().map(import).collect();
    for _ in 0..2 {
        world.store.import(batch.clone(), NOW).await.expect("the store is there");
        let now: Vec<_> = places.iter().map(|details| (world.id(), details.clone())).collect();
        check_all(&world, &now).await;
    }
}

/// What comes and goes within a batch leaves nothing, and the last counter of a cell goes with its last business.
pub async fn counters_are_right_however_orders_share_a_batch(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let (here, there) = (near(&world, 0.0), near(&world, 3.0));
    let mut writes = Vec::new();
    let mut left = Vec::new();
    for n in 0..60 {
        let create = world.create(here.clone());
        let id = create.id();
        writes.push(write(operator(), create));
        if n % 3 > 0 {
            let details = Box::new(there.clone());
            writes.push(write(operator(), Mutation::Replace { id, expected: None, details }));
        }
        if n % 3 > 1 {
            writes.push(write(operator(), Mutation::Remove { id, expected: None }));
        } else {
            left.push((id, if n % 3 == 0 { here.clone() } else { there.clone() }));
        }
    }
    assert!(world.apply(writes).await.outcomes.iter().all(Result::is_ok));
    check_all(&world, &left).await;
    let gone = left.drain(..).map(|(id, _)| Mutation::Remove { id, expected: None });
    world.apply(gone.map(|mutation| write(operator(), mutation)).collect()).await;
    check_all(&world, &left).await;
}
