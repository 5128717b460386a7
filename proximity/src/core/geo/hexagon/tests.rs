use proptest::prelude::*;

use super::*;

fn position(latitude: f64, longitude: f64) -> Position {
    Position::new(latitude, longitude).expect("on Earth")
}

fn resolution(number: u8) -> Resolution {
    Resolution::new(number).expect("one of ours")
}

fn viewport(south: f64, west: f64, north: f64, east: f64) -> Viewport {
    Viewport::new(south, west, north, east).expect("on Earth")
}

/// All of a cover, one by one.
fn cells(cover: &[HexagonRange]) -> impl Iterator<Item = CellIndex> {
    let of_range = |range: &HexagonRange| {
        let last = range.last.0;
        std::iter::successors(Some(range.first.0), move |it| next(*it).filter(|it| *it <= last))
    };
    cover.iter().flat_map(of_range)
}

fn latitudes() -> impl Strategy<Value = f64> {
    prop_oneof![-90.0..=90.0f64, Just(90.0), Just(-90.0), Just(0.0), 89.99..90.0f64]
}

fn longitudes() -> impl Strategy<Value = f64> {
    prop_oneof![-180.0..=180.0f64, Just(180.0), Just(-180.0), Just(0.0), 179.99..180.0f64]
}

/// The south-western corner and the size of a viewport, and the parts of it at which somewhere in it lies.
fn somewhere() -> impl Strategy<Value = (Viewport, Position)> {
    let size = || prop_oneof![(0.0..8.0f64).prop_map(|x| 360.0 * 10_f64.powf(-x)), Just(0.0)];
    let part = || prop_oneof![0.0..=1.0f64, Just(0.0), Just(1.0)];
    (latitudes(), longitudes(), size(), size(), part(), part()).prop_map(
        |(south, west, height, width, up, along)| {
            let north = (south + height).min(90.0);
            let wrap = |degrees: f64| if degrees > 180.0 { degrees - 360.0 } else { degrees };
            let (east, longitude) = (wrap(west + width), wrap(west + width * along));
            // All around the world can only be said from one side of the antimeridian to the other.
            let (west, east) = if width < 360.0 { (west, east) } else { (-180.0, 180.0) };
            let latitude = (south + (north - south) * up).min(north);
            (viewport(south, west, north, east), position(latitude, longitude))
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_position_in_a_viewport_has_its_cell_in_the_cover(
        (viewport, there) in somewhere(), coarser in 0..4_u8,
    ) {
        let finest = viewport.finest(HEXAGONS_MAX).number();
        let cell = Hexagon::all_of(there).nth(usize::from(finest.saturating_sub(coarser)));
        let cell = cell.expect("one of ours");
        let cover = viewport.cover(cell.resolution()).expect("not too many");
        prop_assert!(cells(&cover).count() <= HEXAGONS_MAX);
        prop_assert!(cover.windows(2).all(|two| two[0].last < two[1].first));
        prop_assert!(cover.iter().any(|range| range.contains(cell)));
    }
}

#[test]
fn every_cell_is_followed_by_the_next() {
    for resolution in Resolution::all().take(4) {
        let mut all: Vec<_> =
            CellIndex::base_cells().flat_map(|it| it.children(resolution.0)).collect();
        all.sort_unstable();
        assert!(all.windows(2).all(|two| next(two[0]) == Some(two[1])), "{resolution:?}");
        assert_eq!(all.last().copied().and_then(next), None);
        assert_eq!(HexagonRange::new(all), [HexagonRange::whole(resolution)]);
    }
    // The ends of base cells at resolutions that are too fine to be walked through.
    for resolution in Resolution::all().skip(4) {
        for base in CellIndex::base_cells() {
            let last = base.child_at(base.children_count(resolution.0) - 1, resolution.0);
            let first = base.succ().and_then(|it| it.center_child(resolution.0));
            assert_eq!(last.and_then(next), first);
        }
    }
}

/// The corners of a cell are the points of it that are farthest from its middle.
#[test]
fn no_cell_reaches_farther_than_it_is_said_to() {
    for base in CellIndex::base_cells() {
        for cell in Resolution::all().take(3).flat_map(|it| base.children(it.0)) {
            let size = 7_f64.powf(-f64::from(u8::from(cell.resolution())) / 2.0);
            let farthest = |of: CellIndex| {
                let corners = of.boundary();
                let reach = corners.iter().map(|it| it.distance_rads(cell.into()));
                reach.fold(0.0, f64::max) / size
            };
            assert!(farthest(cell) < viewport::RADIUS, "{cell}: {}", farthest(cell));
            let finer = cell.resolution().succ().expect("there are finer ones");
            let reach = cell.children(finer).map(farthest).fold(0.0, f64::max);
            assert!(reach < viewport::REACH, "{cell}: {reach}");
        }
    }
}

/// As counted by looking at one point after the other.
#[test]
fn a_cover_is_not_much_more_than_what_overlaps() {
    for (south, west, north, east) in [
        (36.0, -115.3, 36.3, -115.0),
        (-18.0, 179.8, -17.5, -179.8),
        (89.5, -180.0, 90.0, 180.0),
        (-0.2, -0.2, 0.2, 0.2),
        (64.6, 10.3, 64.8, 10.8),
    ] {
        let viewport = viewport(south, west, north, east);
        let width = if west > east { east - west + 360.0 } else { east - west };
        let covers =
            Resolution::all().filter_map(|it| Some((it, cells(&viewport.cover(it)?).count())));
        let (finest, count) = covers.last().expect("the coarsest always is one");
        let mut seen = std::collections::BTreeSet::new();
        for n in 0..40_000 {
            let (x, y) = (f64::from(n % 200) / 199.0, f64::from(n / 200) / 199.0);
            let longitude = (west + width * x + 540.0).rem_euclid(360.0) - 180.0;
            let latitude = (south + (north - south) * y).min(north);
            seen.insert(LatLng::new(latitude, longitude).expect("finite").to_cell(finest.0));
        }
        let seen = seen.len();
        assert!(seen > 300 && count >= seen && count * 5 <= seen * 6, "{count} for {seen}");
    }
}

#[test]
fn the_whole_world_and_its_edges_are_covered() {
    let world = viewport(-90.0, -180.0, 90.0, 180.0);
    assert_eq!(cells(&world.cover(resolution(0)).expect("122")).count(), 122);
    assert_eq!(cells(&world.cover(resolution(1)).expect("842")).count(), 842);
    assert_eq!(world.cover(resolution(2)), None);
    assert_eq!(world.finest(HEXAGONS_CHOSEN_MAX), resolution(0));
    assert_eq!(world.finest(HEXAGONS_MAX), resolution(1));
    // A line around the world has no area and no end.
    assert_eq!(viewport(0.0, -180.0, 0.0, 180.0).cover(Resolution::MAX), None);
    // Both of them are one meridian, on which there is no width.
    assert_eq!(viewport(0.0, 180.0, 0.0, -180.0).finest(HEXAGONS_CHOSEN_MAX), Resolution::MAX);
    assert_eq!(viewport(0.0, -180.0, 0.0, 180.0).finest(122), resolution(1));
}

#[test]
fn a_map_gets_some_hundred_cells_whatever_it_shows() {
    for degrees in [80.0, 40.0, 10.0, 3.0, 1.0, 0.3, 0.1, 0.03] {
        let viewport = viewport(-degrees, -degrees, degrees, degrees);
        let cover = viewport.cover(viewport.finest(HEXAGONS_CHOSEN_MAX)).expect("few enough");
        let count = cells(&cover).count();
        assert!((65..=HEXAGONS_CHOSEN_MAX).contains(&count), "{degrees}: {count}");
    }
}

#[test]
fn viewports_that_can_not_be_are_refused() {
    let fault = |south, west, north, east| Viewport::new(south, west, north, east).err();
    for bad in [90.1, -91.0, f64::NAN, f64::INFINITY] {
        assert_eq!(fault(bad, 0.0, 1.0, 1.0), Some(ViewportError::Latitude));
        assert_eq!(fault(0.0, 0.0, bad, 1.0), Some(ViewportError::Latitude));
        assert_eq!(fault(0.0, 2.0 * bad, 1.0, 1.0), Some(ViewportError::Longitude));
        assert_eq!(fault(0.0, 0.0, 1.0, 2.0 * bad), Some(ViewportError::Longitude));
    }
    assert_eq!(fault(1.0, 0.0, 0.0, 1.0), Some(ViewportError::UpsideDown));
    assert_eq!(Resolution::new(12), None);
}

/// An example of H3's own documentation.
#[test]
fn a_position_has_a_cell_of_each_resolution_named_as_elsewhere() {
    let here = position(37.361_559_3, -122.055_323_8);
    let all: Vec<_> = Hexagon::all_of(here).collect();
    assert!(all.iter().map(|cell| cell.resolution()).eq(Resolution::all()));
    assert_eq!(all[7].to_string(), "87283472bffffff");
    assert!(all.iter().all(|cell| Hexagon::from_integer(cell.integer()) == Some(*cell)));
    for integer in [-1, 0, 7, i64::MAX] {
        assert_eq!(Hexagon::from_integer(integer), None);
    }
    let meridian = |longitude| Hexagon::all_of(position(-17.7, longitude)).collect::<Vec<_>>();
    assert_eq!(meridian(180.0), meridian(-180.0));
}

#[test]
fn debug_output_hides_where() {
    let here = Hexagon::all_of(position(36.1, -115.1)).next().expect("of resolution 0");
    let range = HexagonRange { first: here, last: here };
    let text = format!("{here:?} {range:?} {:?}", viewport(1.0, 2.0, 3.0, 4.0));
    assert_eq!(text, "Hexagon(hidden) HexagonRange(hidden) Viewport(hidden)");
}
