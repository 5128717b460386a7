//! What is older than is kept.

use super::world::{MINUTE, World, user};
use super::*;
use crate::Direction;

const DAY: u64 = 24 * 60 * MINUTE;

impl World {
    async fn chunks(&self, user: &UserId) -> usize {
        let store = &self.store.store;
        let chunks = store.chunks(user, TimeRange::ALL, Direction::Ascending, None, 1_000);
        chunks.await.expect("the store is there").len()
    }

    async fn forget_expired(&self) {
        let stop = self.history.shared.stop.subscribe();
        self.history.shared.forget_expired(&stop).await.expect("forgotten");
    }
}

#[tokio::test]
async fn what_is_older_than_is_kept_is_shown_no_more_and_then_goes() {
    let (mut world, ann) = (World::new().await, user("ann"));
    world.keep(&ann, 0..60).await;
    world.store_all().await.expect("stored");
    world.clock.advance_ms(DAY);
    world.keep(&ann, 90_000..90_060).await;
    world.store_all().await.expect("stored");
    world.forget_expired().await;
    assert_eq!((world.chunks(&ann).await, world.seconds(&ann).await.len()), (2, 120));
    world.clock.advance_ms(29 * DAY);
    assert_eq!(world.seconds(&ann).await, (90_000..90_060).collect::<Vec<_>>());
    assert_eq!(world.chunks(&ann).await, 2);
    world.forget_expired().await;
    assert_eq!((world.chunks(&ann).await, world.seconds(&ann).await.len()), (1, 60));
}

#[tokio::test]
async fn what_waited_too_long_is_not_stored() {
    let (mut world, ann) = (World::new().await, user("ann"));
    world.keep(&ann, 0..60).await;
    world.clock.advance_ms(31 * DAY);
    world.store_all().await.expect("nothing to store");
    assert_eq!((world.waits(), world.chunks(&ann).await), (0, 0));
}

#[tokio::test]
async fn erasures_go_when_all_that_they_touch_is_gone() {
    let (world, ann) = (World::new().await, user("ann"));
    let range = TimeRange { from: Timestamp(0), to: Timestamp(1) };
    world.history.erase(&ann, range).await.expect("erased").expect("few");
    world.clock.advance_ms(60 * DAY);
    world.forget_expired().await;
    assert_ne!(world.history.record(&ann).await, Ok(UserRecord::default()));
    world.clock.advance_ms(1);
    world.forget_expired().await;
    assert_eq!(world.history.record(&ann).await, Ok(UserRecord::default()));
}
