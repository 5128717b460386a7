//! Tracks that lack something say so.

use std::collections::BTreeSet;

use model::{Timestamp, UserId};

use super::faulty::Incident;
use super::world::{MINUTE, NOW, World, user};
use super::*;
use crate::log::embedded::Config;
use crate::{Direction, TrackQuery};

impl World {
    /// Why the user's track between these seconds lacks something, in pages of so many points.
    async fn lacks(&self, user: &UserId, from: i64, to: i64, limit: usize) -> Vec<Incomplete> {
        let at = |second: i64| Timestamp(NOW + second * 1_000);
        let (range, direction) = (TimeRange { from: at(from), to: at(to) }, Direction::Ascending);
        let mut query = TrackQuery { range, direction, limit, after: None };
        let mut lacks = BTreeSet::new();
        loop {
            let track = self.history.track(user, query.clone()).await.expect("a track");
            lacks.extend(track.incomplete);
            query.after = track.page.next;
            if query.after.is_none() {
                return lacks.into_iter().collect();
            }
        }
    }
}

const FULL: Config = Config {
    bytes_max: 0,
    recent_bytes_max: 1 << 20,
    segment_bytes_max: 1 << 20,
    segment_age_ms_max: 10 * MINUTE,
    forget_after_ms: MINUTE,
    gather_ms: 0,
};

#[tokio::test]
async fn what_the_log_refused_is_missed_by_every_process_and_after_a_restart() {
    let world = World::with_log(FULL).await;
    let ann = user("ann");
    assert_eq!(world.keep(&ann, 600..620).await, Kept::Memory);
    // Nobody waits for these.
    drop(world.history.keep(&ann, &[world.point(1_200)]));
    tokio::task::yield_now().await;
    for (from, to, is_missing) in
        [(0, 500, false), (600, 601, true), (700, 1_100, false), (1_190, 1_300, true)]
    {
        let expected = if is_missing { vec![Incomplete::Refused] } else { vec![] };
        assert_eq!(world.lacks(&ann, from, to, 100).await, expected, "{from} to {to}");
    }
    world.history.shared.look_after(1).await.expect("saved");
    let world = world.reopen().await;
    world.history.shared.look_after(10).await.expect("loaded");
    assert_eq!(world.lacks(&ann, 600, 601, 100).await, [Incomplete::Refused]);
    assert_eq!(world.lacks(&user("ben"), 0, 500, 100).await, []);
}

#[tokio::test]
async fn nothing_is_missed_of_an_import_that_was_refused() {
    let world = World::with_log(FULL).await;
    let ann = user("ann");
    assert_eq!(world.history.import(&ann, &[world.point(600)]).await, Kept::Memory);
    drop(world.history.import(&ann, &[world.point(600)]));
    tokio::task::yield_now().await;
    assert_eq!(world.lacks(&ann, 0, 1_000, 100).await, []);
}

#[tokio::test]
async fn of_a_store_that_is_away_the_log_is_told() {
    let (mut world, ann) = (World::new().await, user("ann"));
    world.keep(&ann, 0..100).await;
    world.store_all().await.expect("stored");
    let mut world = world.reopen().await;
    world.store_all().await.expect("stored");
    world.clock.advance_ms(2 * MINUTE);
    world.store_all().await.expect("and forgotten");
    world.keep(&ann, 4_000..4_010).await;
    world.store.is_unreadable.store(true, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(world.lacks(&ann, 0, 5_000, 7).await, [Incomplete::StoreAway]);
    world.store.is_unreadable.store(false, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(world.lacks(&ann, 0, 5_000, 7).await, []);
}

#[tokio::test]
async fn what_was_put_aside_is_missed_where_it_was() {
    let (mut world, ann) = (World::new().await, user("ann"));
    world.store.incidents.lock().push_back(Incident::Refused(ann.clone()));
    world.keep(&ann, 0..60).await;
    world.keep(&user("ben"), 0..60).await;
    world.store_all().await.expect("stored or put aside");
    assert_eq!(world.lacks(&ann, 59, 80, 10).await, [Incomplete::PutAside]);
    assert_eq!(world.lacks(&ann, 60, 80, 10).await, []);
    world.history.erase(&ann, TimeRange::ALL).await.expect("erased").expect("always");
    assert_eq!(world.lacks(&ann, 0, 80, 10).await, []);
}

#[tokio::test]
async fn what_is_left_of_a_backlog_that_memory_has_no_room_for_is_not_all() {
    let config = Config { recent_bytes_max: 4_096, segment_bytes_max: 4_096, ..Config::default() };
    let (world, ann) = (World::with_log(config).await, user("ann"));
    let names: Vec<_> = (0..200).map(|n| user(&format!("user-{n}"))).collect();
    assert_eq!(world.keep(&ann, 0..10).await, Kept::Log);
    for user in &names {
        world.keep(user, 0..1).await;
    }
    assert_eq!(world.lacks(&ann, 0, 10, 100).await, [Incomplete::Waiting]);
    let mut world = world.reopen().await;
    assert_eq!(world.lacks(&ann, 0, 10, 100).await, [Incomplete::Waiting]);
    world.store_all().await.expect("stored");
    assert_eq!(world.seconds(&ann).await, (0..10).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_cannot_be_opened_is_missed() {
    let (mut world, ann) = (World::new().await, user("ann"));
    world.keep(&ann, 0..60).await;
    world.store_all().await.expect("stored");
    let chunks = world.store.store.chunks(&ann, TimeRange::ALL, Direction::Ascending, None, 9);
    let mut sealed = chunks.await.expect("chunks").remove(0);
    let last = sealed.bytes.len() - 1;
    sealed.bytes[last] ^= 1;
    let (last, received) = (sealed.first, sealed.first);
    let changed = crate::StoredChunk { user: ann.clone(), sealed, last, received, points: 60 };
    world.store.store.put(&[changed]).await.expect("put");
    assert_eq!(world.lacks(&ann, 0, 80, 100).await, [Incomplete::Unreadable]);
    assert_eq!(world.lacks(&ann, 4_000, 5_000, 100).await, []);
}

#[tokio::test]
async fn what_is_lost_with_a_damaged_log_is_missed_where_it_was() {
    let world = World::new().await;
    let ann = user("ann");
    for second in [0, 600, 1_200] {
        world.keep(&ann, [second]).await;
        world.clock.advance_ms(10 * MINUTE);
    }
    let mut world = world.reopen_damaged(1).await;
    for _ in 0..2 {
        world.history.shared.look_after(1).await.expect("noted");
        for (from, to, is_missing) in [(590, 610, true), (3_600, 7_200, false)] {
            let expected = if is_missing { vec![Incomplete::Refused] } else { vec![] };
            assert_eq!(world.lacks(&ann, from, to, 100).await, expected, "{from} to {to}");
        }
        world = world.reopen().await;
        world.history.shared.gaps.load(&*world.register).await.expect("noted before");
    }
}
