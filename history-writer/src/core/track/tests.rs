use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::core::chunk::Chunk;
use crate::core::erasure::Erasure;
use crate::core::limits::{BUCKET_MS, CHUNK_POINTS_MAX};
use crate::core::point::tests::point;

/// Times around the seam of two buckets, in steps that make chunks of a few points.
const STEP_MS: i64 = 5 * 60 * 1_000;

fn any_point() -> impl Strategy<Value = Point> {
    (-20..20i64, "[ab]", 0..2u64, 0..4i64, 0..3i32).prop_map(
        |(step, device, seq, received, latitude_e7)| {
            let mut point = point(BUCKET_MS + step * STEP_MS, &device, seq, received);
            point.fix.latitude_e7 = latitude_e7;
            point
        },
    )
}

fn any_range() -> impl Strategy<Value = TimeRange> {
    let bound = || (-22..22i64).prop_map(|step| Timestamp(BUCKET_MS + step * STEP_MS));
    prop_oneof![
        Just(TimeRange::ALL),
        (bound(), bound()).prop_map(|(from, to)| TimeRange { from, to })
    ]
}

fn any_erasures() -> impl Strategy<Value = Vec<Erasure>> {
    let erasure =
        (any_range(), 0..4i64).prop_map(|(range, at)| Erasure { range, erased_at: Timestamp(at) });
    prop::collection::vec(erasure, 0..3)
}

fn any_direction() -> impl Strategy<Value = Direction> {
    prop::sample::select(vec![Direction::Ascending, Direction::Descending])
}

/// What a track is, by its definition.
fn expected(points: &[Point], query: &TrackQuery, erasures: &[Erasure]) -> Vec<Point> {
    let mut track: Vec<Point> = Vec::new();
    for point in points {
        let is_gone = erasures.iter().any(|erasure| erasure.covers(point));
        if is_gone || !query.range.contains(point.effective()) {
            continue;
        }
        match track.iter_mut().find(|held| held.version == point.version) {
            Some(held) if point.prevails_over(held) => *held = point.clone(),
            Some(_) => {}
            None => track.push(point.clone()),
        }
    }
    track.sort_by(|a, b| query.direction.compare(&a.version, &b.version));
    track
}

/// Points in chunks and in a log, as chance has it; some in several.
fn scattered(points: &[Point], places: &[Index]) -> (Vec<Chunk>, Vec<Point>) {
    let mut piles: Vec<Vec<Point>> = Vec::new();
    let mut log = Vec::new();
    for (point, place) in points.iter().zip(places) {
        let place = place.index(points.len() + 2);
        match piles.get_mut(place) {
            _ if place % 5 == 0 => log.push(point.clone()),
            Some(pile) => {
                let mut grown = pile.clone();
                grown.push(point.clone());
                if Chunk::new(grown.clone()).is_some() {
                    *pile = grown;
                } else {
                    piles.push(vec![point.clone()]);
                }
            }
            None => piles.push(vec![point.clone()]),
        }
    }
    let chunks = piles.into_iter().map(|pile| Chunk::new(pile).expect("it fits")).collect();
    (chunks, log)
}

/// A page as the service reads it: the log, then chunks in the order of their beginnings until enough.
fn page(query: &TrackQuery, erasures: &Erasures, chunks: &mut [Chunk], log: &[Point]) -> TrackPage {
    let mut builder = PageBuilder::new(query.clone(), erasures);
    builder.add(log.iter().cloned());
    chunks.sort_by_key(Chunk::first);
    if query.direction == Direction::Descending {
        chunks.reverse();
    }
    for chunk in chunks.iter().filter(|chunk| query.chunk_starts().contains(chunk.first())) {
        if !builder.may_want(chunk.first()) {
            break;
        }
        builder.add_chunk(chunk.clone().into_points(), &|_| true);
    }
    builder.finish()
}

fn whole(
    query: &TrackQuery,
    erasures: &[Erasure],
    chunks: &mut [Chunk],
    log: &[Point],
) -> Vec<Point> {
    let erasures: Erasures = erasures.iter().copied().collect();
    let (mut query, mut track) = (query.clone(), Vec::new());
    loop {
        let page = page(&query, &erasures, chunks, log);
        assert!(page.points.len() <= query.limit);
        assert!(page.next.is_none() || page.points.len() == query.limit);
        track.extend(page.points);
        match page.next {
            Some(next) => query.after = Some(next),
            None => return track,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn wherever_points_lie_the_track_is_the_same(
        points in prop::collection::vec(any_point(), 0..50),
        repeated in prop::collection::vec(any::<Index>(), 0..20),
        places in prop::collection::vec(any::<Index>(), 70),
        erasures in any_erasures(), range in any_range(), direction in any_direction(),
        limit in prop_oneof![1..8usize, Just(1_000)],
    ) {
        let mut sent = points.clone();
        if !points.is_empty() {
            sent.extend(repeated.iter().map(|which| points[which.index(points.len())].clone()));
        }
        let query = TrackQuery { range, direction, limit, after: None };
        let (mut chunks, log) = scattered(&sent, &places);
        let track = whole(&query, &erasures, &mut chunks, &log);
        prop_assert_eq!(track, expected(&points, &query, &erasures));
    }
}

#[test]
fn a_page_holds_no_more_than_about_twice_its_points() {
    let query = TrackQuery {
        range: TimeRange::ALL,
        direction: Direction::Descending,
        limit: 100,
        after: None,
    };
    let erasures = Erasures::new();
    let mut builder = PageBuilder::new(query, &erasures);
    for at in 0..100_000 {
        builder.add([point(at, "a", 1, 0)]);
        assert!(builder.held.len() <= 2 * 100 + UNSORTED_MAX);
    }
    let page = builder.finish();
    let times: Vec<_> = page.points.iter().map(|point| point.effective().0).collect();
    assert_eq!(times, (99_900..100_000).rev().collect::<Vec<_>>());
    assert_eq!(page.next.map(|version| version.effective), Some(Timestamp(99_900)));
}

#[test]
fn reading_stops_where_a_full_page_can_not_change() {
    let erasures = Erasures::new();
    let chunk_at =
        |first: i64| (0..CHUNK_POINTS_MAX as i64).map(move |at| point(first + at, "a", 1, 0));
    for (direction, beyond) in
        [(Direction::Ascending, 70), (Direction::Descending, -CHUNK_SPAN_MS_MAX - 70)]
    {
        let query = TrackQuery { range: TimeRange::ALL, direction, limit: 30, after: None };
        let mut builder = PageBuilder::new(query, &erasures);
        assert!(builder.may_want(Timestamp(BUCKET_MS + beyond)));
        builder.add(chunk_at(BUCKET_MS));
        assert!(builder.may_want(Timestamp(BUCKET_MS)));
        assert!(!builder.may_want(Timestamp(BUCKET_MS + beyond)));
    }
}

#[test]
fn the_ends_of_time_are_no_special_case() {
    let erasures = Erasures::new();
    for direction in [Direction::Ascending, Direction::Descending] {
        let query = TrackQuery { range: TimeRange::ALL, direction, limit: 1, after: None };
        let starts = query.chunk_starts();
        assert!(starts.contains(Timestamp(i64::MIN)) && starts.contains(Timestamp(i64::MAX - 1)));
        let mut builder = PageBuilder::new(query, &erasures);
        builder.add([point(i64::MIN, "a", 1, 0), point(i64::MAX - 1, "a", 1, 0)]);
        let page = builder.finish();
        assert_eq!(page.points.len(), 1);
        assert!(page.next.is_some());
    }
}
