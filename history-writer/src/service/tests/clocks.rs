//! Clocks that are set, forward and back, while the process runs and while it doesn't; and points of any time.

use super::world::{World, user};
use super::*;

const HOURS_MS: i64 = 5 * 3_600_000;

/// What was kept before is erased, also if the clock has been set back since, and what comes later is kept.
async fn erases_what_came_before(is_all: bool, is_stored: bool, is_reopened: bool) {
    let (mut world, ann) = (World::new().await, user("ann"));
    let what = format!("all {is_all}, stored {is_stored}, reopened {is_reopened}");
    world.clock.step_wall_ms(HOURS_MS);
    world.keep(&ann, 0..120).await;
    if is_stored {
        world.store_all().await.expect("stored");
    }
    world.clock.step_wall_ms(-HOURS_MS);
    if is_reopened {
        world = world.reopen().await;
    }
    let to = world.point(if is_all { 120 } else { 100 }).effective();
    let range = if is_all { TimeRange::ALL } else { TimeRange { to, ..TimeRange::ALL } };
    world.history.erase(&ann, range).await.expect("erased").expect("few");
    let left: Vec<_> = if is_all { vec![] } else { (100..120).collect() };
    assert_eq!(world.seconds(&ann).await, left, "{what}");
    if is_reopened {
        world = world.reopen().await;
    }
    // For some hours the clock shows moments before that of the erasure.
    world.keep(&ann, 0..10).await;
    let left: Vec<_> = (0..10).chain(left).collect();
    assert_eq!(world.seconds(&ann).await, left, "{what}: what came later");
    world.store_all().await.expect("stored");
    let mut world = world.reopen().await;
    world.store_all().await.expect("stored again");
    assert_eq!(world.seconds(&ann).await, left, "{what}: stored");
}

#[tokio::test]
async fn what_is_erased_is_gone_and_what_comes_later_stays_whatever_the_clock_says() {
    for is_all in [false, true] {
        for is_stored in [false, true] {
            for is_reopened in [false, true] {
                erases_what_came_before(is_all, is_stored, is_reopened).await;
            }
        }
    }
}

#[tokio::test]
async fn what_came_before_and_after_history_was_off_counts_whatever_the_clock_says() {
    let (mut world, ann) = (World::new().await, user("ann"));
    world.clock.step_wall_ms(HOURS_MS);
    world.keep(&ann, 0..10).await;
    world.clock.step_wall_ms(-HOURS_MS);
    world.history.set_off(&ann, true).await.expect("turned");
    assert_eq!(world.keep(&ann, 10..20).await, Kept::Nothing);
    world.clock.step_wall_ms(-HOURS_MS);
    world.history.set_off(&ann, false).await.expect("turned");
    world.keep(&ann, 20..30).await;
    let expected: Vec<_> = (0..10).chain(20..30).collect();
    assert_eq!(world.seconds(&ann).await, expected);
    world.store_all().await.expect("stored");
    assert_eq!(world.reopen().await.seconds(&ann).await, expected);
}

#[tokio::test]
async fn a_clock_that_is_set_while_points_wait_holds_up_nothing() {
    for ms in [HOURS_MS, -HOURS_MS] {
        let (mut world, ann) = (World::new().await, user("ann"));
        world.keep(&ann, 0..90).await;
        world.writer.turn().await.expect("stored");
        world.clock.step_wall_ms(ms);
        world.keep(&ann, 90..150).await;
        assert_eq!(world.seconds(&ann).await, (0..150).collect::<Vec<_>>());
        world.store_all().await.expect("stored");
        assert_eq!(world.waits(), 0);
        assert_eq!(world.seconds(&ann).await, (0..150).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn points_of_1970_and_2099_are_stored_and_read() {
    let (mut world, ann) = (World::new().await, user("ann"));
    let year_1970 = -NOW / 1_000;
    let year_2099 = 4_070_908_800 - NOW / 1_000;
    let seconds: Vec<_> =
        (year_1970 - 40..year_1970 + 40).chain(0..70).chain(year_2099..year_2099 + 70).collect();
    assert_eq!(world.keep(&ann, seconds.iter().rev().copied()).await, Kept::Log);
    assert_eq!(world.seconds(&ann).await, seconds);
    world.store_all().await.expect("stored");
    assert_eq!((world.waits(), world.seconds(&ann).await), (0, seconds.clone()));
    let world = world.reopen().await;
    assert_eq!(world.seconds(&ann).await, seconds);
    let range = TimeRange { from: Timestamp(0), to: world.point(year_2099 + 10).effective() };
    world.history.erase(&ann, range).await.expect("erased").expect("few");
    let left: Vec<_> = (year_1970 - 40..year_1970).chain(year_2099 + 10..year_2099 + 70).collect();
    assert_eq!(world.seconds(&ann).await, left);
}
