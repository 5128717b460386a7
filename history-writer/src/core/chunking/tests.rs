mod any_schedule;

use model::Timestamp;

use super::*;
use crate::core::erasure::TimeRange;
use crate::core::limits::{BUCKET_MS, CHUNK_POINTS_MAX, CHUNK_SPAN_MS_MAX};
use crate::core::point::Point;
use crate::core::point::tests::point;

const START: i64 = 100 * BUCKET_MS;
const LIMITS: ChunkingLimits =
    ChunkingLimits { chunks_open_max: 100, points_open_max: 1_000, age_ms_max: 1_000 };

fn user(name: &str) -> UserId {
    UserId::parse(name).expect("a user")
}

fn logged(position: u64, name: &str, point: Point) -> Logged {
    Logged { position: LogPosition(position), user: user(name), point }
}

/// A point of a phone so many milliseconds after the start.
fn after(ms: i64) -> Point {
    point(START + ms, "phone", 1, START + ms)
}

fn taken(chunking: &mut Chunking) -> Vec<ClosedChunk> {
    std::iter::from_fn(|| chunking.next_closed()).collect()
}

/// How many points each chunk has that is to be stored.
fn sizes(chunking: &mut Chunking) -> Vec<usize> {
    taken(chunking).iter().map(|closed| closed.chunk.points().len()).collect()
}

#[test]
fn sixty_points_are_a_chunk() {
    let mut chunking = Chunking::new(LIMITS);
    for at in 0..130 {
        chunking.add(Monotonic(0), logged(at, "alice", after(at as i64)));
    }
    assert_eq!(sizes(&mut chunking), [60, 60]);
    assert_eq!((chunking.chunks_open(), chunking.points_open()), (1, 10));
}

#[test]
fn a_chunk_ends_after_half_an_hour_of_movement_and_at_the_end_of_its_bucket() {
    let mut chunking = Chunking::new(LIMITS);
    let times = [0, CHUNK_SPAN_MS_MAX, CHUNK_SPAN_MS_MAX + 1, BUCKET_MS - 1, BUCKET_MS];
    for (position, ms) in times.into_iter().enumerate() {
        chunking.add(Monotonic(0), logged(position as u64, "alice", after(ms)));
    }
    assert_eq!(chunking.chunks_open(), 4);
    chunking.close_all();
    assert_eq!(sizes(&mut chunking), [2, 1, 1, 1]);
}

#[test]
fn old_points_that_are_uploaded_do_not_break_up_what_is_new() {
    let mut chunking = Chunking::new(LIMITS);
    for at in 0..30 {
        let (new, old) = (after(at * 1_000), after(at * 1_000 - 24 * 3_600_000));
        chunking.add(Monotonic(0), logged(2 * at as u64, "alice", new));
        chunking.add(Monotonic(0), logged(2 * at as u64 + 1, "alice", old));
    }
    chunking.close_all();
    assert_eq!(sizes(&mut chunking), [30, 30]);
}

#[test]
fn whoever_jumps_in_time_has_few_chunks_open() {
    let mut chunking = Chunking::new(LIMITS);
    for at in 0..20 {
        chunking.add(Monotonic(0), logged(at, "alice", after(at as i64 * 2 * CHUNK_SPAN_MS_MAX)));
    }
    assert_eq!(chunking.chunks_open(), CHUNKS_OPEN_PER_USER_MAX);
    assert_eq!(taken(&mut chunking).len(), 20 - CHUNKS_OPEN_PER_USER_MAX);
}

#[test]
fn chunks_close_when_they_are_old_enough() {
    let mut chunking = Chunking::new(LIMITS);
    chunking.add(Monotonic(10), logged(0, "alice", after(0)));
    chunking.add(Monotonic(900), logged(1, "bob", after(0)));
    chunking.add(Monotonic(900), logged(2, "alice", after(1)));
    chunking.close_aged(Monotonic(1_009));
    assert_eq!(taken(&mut chunking), []);
    chunking.close_aged(Monotonic(1_010));
    let closed = taken(&mut chunking);
    assert_eq!(closed.len(), 1);
    assert_eq!((&closed[0].user, closed[0].chunk.points().len()), (&user("alice"), 2));
}

#[test]
fn memory_is_bounded_and_the_lowest_in_the_log_goes_first() {
    let mut chunking = Chunking::new(ChunkingLimits { points_open_max: 10, ..LIMITS });
    for at in 0..25 {
        chunking.add(Monotonic(0), logged(at, &format!("user-{}", at % 5), after(at as i64)));
        assert!(chunking.points_open() <= 10);
    }
    let first = chunking.next_closed().expect("a chunk");
    assert_eq!(first.user, user("user-0"));

    let mut chunking = Chunking::new(ChunkingLimits { chunks_open_max: 3, ..LIMITS });
    for at in 0..25 {
        chunking.add(Monotonic(0), logged(at, &format!("user-{at}"), after(0)));
        assert!(chunking.chunks_open() <= 3);
    }
    assert_eq!(taken(&mut chunking).len(), 22);
}

#[test]
fn the_log_may_forget_what_lies_below_the_lowest_that_is_not_stored() {
    let mut chunking = Chunking::new(LIMITS);
    assert_eq!(chunking.checkpoint(), None);
    chunking.pass(LogPosition(4));
    assert_eq!(chunking.checkpoint(), Some(LogPosition(5)));
    for at in 0..CHUNK_POINTS_MAX as u64 {
        chunking.add(Monotonic(0), logged(10 + 2 * at, "alice", after(at as i64)));
        chunking.add(Monotonic(0), logged(11 + 2 * at, "bob", after(at as i64)));
        assert_eq!(chunking.checkpoint(), Some(LogPosition(10)));
    }
    let closed = taken(&mut chunking);
    assert_eq!((closed.len(), chunking.chunks_unstored()), (2, 2));
    chunking.stored(closed[1].ticket);
    assert_eq!(chunking.checkpoint(), Some(LogPosition(10)), "alice's is lower");
    chunking.stored(closed[0].ticket);
    assert_eq!(chunking.checkpoint(), Some(LogPosition(130)), "all that was read");
    chunking.add(Monotonic(0), logged(7, "carol", after(0)));
    assert_eq!(chunking.checkpoint(), Some(LogPosition(7)), "what another reader left");
}

#[test]
fn a_point_that_lies_lower_in_the_log_holds_the_checkpoint_too() {
    let mut chunking = Chunking::new(LIMITS);
    chunking.add(Monotonic(0), logged(20, "alice", after(0)));
    chunking.add(Monotonic(0), logged(3, "alice", after(1)));
    assert_eq!(chunking.checkpoint(), Some(LogPosition(3)));
    chunking.close_all();
    assert_eq!(sizes(&mut chunking), [2]);
}

#[test]
fn what_comes_twice_is_there_once() {
    let mut chunking = Chunking::new(LIMITS);
    for position in 0..3 {
        for at in [5, 3, 4] {
            chunking.add(Monotonic(0), logged(position, "alice", after(at)));
        }
    }
    let resent = Point { received: Timestamp(START + 999), ..after(4) };
    chunking.add(Monotonic(0), logged(9, "alice", resent.clone()));
    assert_eq!(chunking.points_open(), 3);
    chunking.close_all();
    let closed = taken(&mut chunking);
    assert_eq!(closed[0].chunk.points(), [after(3), resent, after(5)]);
}

#[test]
fn what_is_erased_is_not_stored_any_more() {
    let mut chunking = Chunking::new(LIMITS);
    for at in 0..CHUNK_POINTS_MAX as u64 + 10 {
        chunking.add(Monotonic(0), logged(at, "alice", after(at as i64)));
    }
    chunking.add(Monotonic(0), logged(100, "bob", after(0)));
    let range = TimeRange { from: Timestamp(START + 50), to: Timestamp(START + 65) };
    chunking.erase(&user("alice"), &Erasure { range, erased_at: Timestamp(i64::MAX) });
    assert_eq!(chunking.points_open(), 5 + 1);
    chunking.erase(&user("carol"), &Erasure { range, erased_at: Timestamp(i64::MAX) });
    chunking.close_all();
    assert_eq!(sizes(&mut chunking), [50, 5, 1]);

    let mut chunking = Chunking::new(LIMITS);
    for at in 0..CHUNK_POINTS_MAX as u64 + 10 {
        chunking.add(Monotonic(0), logged(at, "alice", after(at as i64)));
    }
    let all = Erasure { range: TimeRange::ALL, erased_at: Timestamp(i64::MAX) };
    chunking.erase(&user("alice"), &all);
    assert_eq!((chunking.chunks_open(), chunking.chunks_unstored()), (0, 0));
    assert_eq!(chunking.checkpoint(), Some(LogPosition(70)), "nothing of it needs to be kept");
    assert_eq!(taken(&mut chunking), []);
}
