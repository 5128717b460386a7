//! The whole search over the embedded store, held against Karney's geodesic (C. F. F. Karney, Algorithms for geodesics,
//! 2013): ours may be off by a tenth of a millimetre, and is told in whole ones.

use std::collections::BTreeMap;
use std::sync::Arc;

use api::Work;
use geographiclib_rs::{DirectGeodesic, Geodesic, InverseGeodesic};
use model::{Clock, ManualClock, Metres, Position, Random, SeededRandom, Timestamp};
use proptest::prelude::*;
use proximity::embedded::EmbeddedStore;
use proximity::{Detail, Draft, Limits, Proximity, Query, Source, SourceName};
use tempfile::TempDir;

/// By how much a distance told may differ from the true one, metres: rounding, and our formula.
const ERROR_M: f64 = 0.000_6;

fn wrap(longitude: f64) -> f64 {
    (longitude + 540.0).rem_euclid(360.0) - 180.0
}

/// How far businesses are from the centre, in parts of the radius and millimetres besides.
fn offsets() -> impl Strategy<Value = (f64, f64)> {
    prop_oneof![
        3 => (0.0..1.5f64, Just(0.0)),
        2 => (Just(1.0), prop_oneof![Just(-1.0), Just(1.0), Just(-2.0), Just(2.0)]),
        1 => Just((0.0, 0.0)),
    ]
}

/// Corners of cells of few bits too: there circles touch cells of the most different codes.
fn centres() -> impl Strategy<Value = (f64, f64)> {
    let latitude = prop_oneof![
        -90.0..=90.0f64,
        Just(90.0),
        Just(-90.0),
        Just(0.0),
        Just(45.0),
        89.95..90.0f64,
        -0.01..0.01f64
    ];
    let longitude = prop_oneof![
        -180.0..=180.0f64,
        Just(180.0),
        Just(-180.0),
        Just(0.0),
        Just(-90.0),
        179.95..180.0f64
    ];
    (latitude, longitude)
}

async fn check(centre: (f64, f64), radius_mm: u32, places: &[(f64, f64, f64)], limit: usize) {
    let data = TempDir::new().expect("a temporary directory");
    let store = Arc::new(EmbeddedStore::open(data.path()).await.expect("opens"));
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(Timestamp(0)));
    let random: Arc<dyn Random> = Arc::new(SeededRandom::new(1));
    let limits = Limits::default();
    let proximity = Proximity::start(store, clock, random, limits);

    let karney = Geodesic::wgs84();
    let radius = f64::from(radius_mm) / 1_000.0;
    let mut truth = BTreeMap::new();
    let mut drafts = Vec::new();
    for (n, (azimuth, part, millimetres)) in places.iter().enumerate() {
        let metres = (radius * part + millimetres / 1_000.0).max(0.0);
        let (latitude, longitude, _) = karney.direct(centre.0, centre.1, *azimuth, metres);
        let (latitude, longitude) = (latitude.clamp(-90.0, 90.0), wrap(longitude));
        let distance: f64 = karney.inverse(centre.0, centre.1, latitude, longitude);
        truth.insert(n.to_string(), distance);
        let line = |text: &str| SourceName::parse(text).expect("a source");
        let draft = Draft {
            name: n.to_string(),
            categories: vec!["Food".to_owned()],
            address: None,
            position: Position::new(latitude, longitude).expect("on Earth"),
            hours: None,
            phone: None,
            site: None,
            attributes: BTreeMap::new(),
        };
        let source = Source { name: line("karney"), id: line(&n.to_string()) };
        drafts.push((source, draft.check().expect("good")));
    }
    proximity.import(drafts).await.expect("imported");

    let centre = Position::new(centre.0, centre.1).expect("on Earth");
    let query = Query::new(centre, Metres(radius), limit, &limits).expect("allowed");
    let (mut met, mut after) = (Vec::new(), None);
    loop {
        let found = proximity
            .nearby(&query, after, Detail::Named, None, &mut Work::unlimited())
            .await
            .expect("found");
        met.extend(found.hits);
        after = found.next;
        if after.is_none() {
            break;
        }
    }
    assert!(met.is_sorted_by_key(|hit| (hit.distance, hit.id)));
    assert_eq!(proximity.total(&query, None, &mut Work::unlimited()).await, Ok(met.len() as u64));
    for hit in &met {
        let name = hit.name.as_ref().expect("asked for").as_str();
        let distance = truth.remove(name).expect("each is met once");
        assert!((hit.distance.metres() - distance).abs() < ERROR_M, "{name}: {distance}");
        assert!(distance <= radius + ERROR_M, "{name} is outside: {distance}");
    }
    for (name, distance) in truth {
        assert!(distance > radius + ERROR_M - 0.000_2, "{name} is missing: {distance} of {radius}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_search_finds_what_lies_in_the_circle_and_nothing_else(
        centre in centres(),
        radius_mm in prop_oneof![1_000..20_000_000u32, Just(500_000), Just(20_000_000), 1_000..100_000u32],
        places in proptest::collection::vec((0.0..360.0f64, offsets()), 1..60),
        limit in prop_oneof![1..10usize, Just(20), Just(100)],
    ) {
        let places: Vec<_> =
            places.into_iter().map(|(azimuth, (part, off))| (azimuth, part, off)).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        runtime.block_on(check(centre, radius_mm, &places, limit));
    }
}
