//! What is remembered of the register.

use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::FutureExt as _;

use super::world::{World, user};
use super::*;

impl World {
    /// Whose register is changed through the service only.
    async fn exclusive() -> Self {
        let world = Self::new().await;
        world.register.is_exclusive.store(true, Ordering::Relaxed);
        world
    }
}

#[tokio::test]
async fn what_only_this_process_changes_is_read_once() {
    let (mut world, ann) = (World::exclusive().await, user("ann"));
    world.keep(&ann, 0..60).await;
    world.store_all().await.expect("stored");
    assert_eq!(world.seconds(&ann).await.len(), 60);
    world.register_is_away(true);
    world.keep(&ann, 60..120).await;
    world.store_all().await.expect("stored without asking");
    assert_eq!(world.seconds(&ann).await.len(), 120);
    world.register_is_away(false);
    let range = TimeRange { from: Timestamp(i64::MIN), to: world.point(90).effective() };
    world.history.erase(&ann, range).await.expect("erased").expect("few");
    assert_eq!(world.seconds(&ann).await, (90..120).collect::<Vec<_>>());
    world.history.erase(&ann, TimeRange::ALL).await.expect("erased").expect("always");
    assert_eq!(world.seconds(&ann).await, Vec::<i64>::new());
    world.clock.advance_ms(1);
    world.keep(&ann, 0..60).await;
    world.store_all().await.expect("sealed by another key");
    assert_eq!(world.seconds(&ann).await.len(), 60);
    world.history.set_off(&ann, true).await.expect("off");
    assert!(world.history.record(&ann).await.expect("known").off_times.is_off());
}

#[tokio::test]
async fn what_another_process_changes_is_seen_at_once() {
    let (mut world, ann) = (World::new().await, user("ann"));
    world.keep(&ann, 0..60).await;
    world.store_all().await.expect("stored");
    assert_eq!(world.seconds(&ann).await.len(), 60);
    let erased_at = world.clock.now().wall;
    world.register.erase_all(&ann, erased_at).await.expect("erased");
    assert_eq!(world.seconds(&ann).await, Vec::<i64>::new());
}

#[tokio::test]
async fn an_erasure_goes_on_when_nobody_waits_for_it() {
    let (mut world, ann) = (World::exclusive().await, user("ann"));
    world.keep(&ann, 0..60).await;
    world.store_all().await.expect("stored");
    assert!(world.history.erase(&ann, TimeRange::ALL).now_or_never().is_none());
    let gone = async {
        while !world.seconds(&ann).await.is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.expect("erased");
}
