mod any_course;
mod clocks;
mod crashes;
mod faulty;
mod incomplete;
mod logs;
mod off;
mod records;
mod retention;
mod rewrapping;
mod world;

use model::Timestamp;

use super::*;
use faulty::Incident;
use world::{NOW, World, user};

#[tokio::test]
async fn what_is_kept_is_read_before_and_after_it_is_stored_and_after_a_restart() {
    let (mut world, ann) = (World::new().await, user("ann"));
    assert_eq!(world.keep(&ann, (0..200).rev()).await, Kept::Log);
    let all: Vec<_> = (0..200).collect();
    assert_eq!(world.seconds(&ann).await, all);
    world.store_all().await.expect("stored");
    assert_eq!(world.waits(), 0, "all of it is stored");
    assert_eq!(world.seconds(&ann).await, all);
    let mut world = world.reopen().await;
    assert_eq!(world.seconds(&ann).await, all);
    world.store_all().await.expect("what is replayed is stored again");
    assert_eq!(world.seconds(&ann).await, all);
    assert_eq!(world.seconds(&user("ben")).await, Vec::<i64>::new());
}

#[tokio::test]
async fn what_was_erased_is_gone_at_once_and_no_replay_brings_it_back() {
    let (mut world, ann) = (World::new().await, user("ann"));
    world.keep(&ann, 0..100).await;
    world.store_all().await.expect("stored");
    world.keep(&ann, 100..120).await;
    let range = TimeRange { from: Timestamp(NOW + 50_000), to: Timestamp(NOW + 110_000) };
    world.history.erase(&ann, range).await.expect("erased").expect("few are erased");
    let left: Vec<_> = (0..50).chain(110..120).collect();
    assert_eq!(world.seconds(&ann).await, left);
    let mut world = world.reopen().await;
    assert_eq!(world.seconds(&ann).await, left);
    world.store_all().await.expect("stored");
    assert_eq!(world.seconds(&ann).await, left);
    world.history.erase(&ann, TimeRange::ALL).await.expect("erased").expect("all can always be");
    assert_eq!(world.seconds(&ann).await, Vec::<i64>::new());
    world.clock.advance_ms(1);
    world.keep(&ann, 60..70).await;
    let mut world = world.reopen().await;
    world.store_all().await.expect("stored");
    assert_eq!(world.seconds(&ann).await, (60..70).collect::<Vec<_>>(), "what came later is kept");
}

#[tokio::test]
async fn a_store_that_is_away_loses_nothing() {
    let (mut world, ann) = (World::new().await, user("ann"));
    world.keep(&ann, 0..60).await;
    world.store.incidents.lock().extend([Incident::Away, Incident::Away]);
    for _ in 0..2 {
        assert!(world.writer.turn().await.is_err());
        assert_eq!(world.waits(), 60, "the log keeps what isn't stored");
        assert_eq!(world.seconds(&ann).await, (0..60).collect::<Vec<_>>());
    }
    world.store_all().await.expect("it is back");
    assert_eq!((world.waits(), world.seconds(&ann).await.len()), (0, 60));
}

#[tokio::test]
async fn what_a_store_lost_after_it_answered_is_stored_again() {
    let (mut world, ann) = (World::new().await, user("ann"));
    world.keep(&ann, 0..60).await;
    world.store_all().await.expect("stored");
    world.keep(&ann, 60..120).await;
    world.store.incidents.lock().push_back(Incident::Lost);
    world.writer.turn().await.expect("answered");
    assert_eq!(world.waits(), 0, "it is taken for stored");
    world.store_all().await.expect("stored again");
    assert_eq!((world.waits(), world.seconds(&ann).await), (0, (0..120).collect()));
}

#[tokio::test]
async fn what_a_store_never_takes_is_put_aside_and_holds_up_nobody() {
    let (mut world, ann, ben) = (World::new().await, user("ann"), user("ben"));
    world.store.incidents.lock().push_back(Incident::Refused(ann.clone()));
    world.keep(&ann, 0..10).await;
    world.keep(&ben, 0..10).await;
    world.store_all().await.expect("stored or put aside");
    let aside = world.register.dead_letters(10).await.expect("letters");
    let aside: Vec<_> = aside.iter().map(|it| (&it.chunk.user, &*it.reason)).collect();
    assert_eq!(aside, vec![(&ann, "too strange")]);
    assert_eq!((world.waits(), world.seconds(&ben).await.len()), (0, 10));
}

#[tokio::test]
async fn an_erasure_while_a_chunk_is_stored_takes_only_what_came_before_it() {
    let (mut world, ann) = (World::new().await, user("ann"));
    world.keep(&ann, 0..5).await;
    let erased_at = world.clock.now().wall;
    world.clock.advance_ms(1);
    world.keep(&ann, 5..10).await;
    let incident = Incident::Erased(ann.clone(), erased_at, world.register.clone());
    world.store.incidents.lock().push_back(incident);
    world.store_all().await.expect("stored");
    assert_eq!(world.seconds(&ann).await, (5..10).collect::<Vec<_>>());
    let mut world = world.reopen().await;
    world.store_all().await.expect("stored");
    assert_eq!(world.seconds(&ann).await, (5..10).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_stop_waits_for_nothing_and_the_rest_is_in_the_log() {
    let (world, ann) = (World::new().await, user("ann"));
    let shared = &world.history.shared;
    let task = tokio::spawn(writer::each_log::run(shared.clone(), shared.stop.subscribe()));
    world.history.shared.tasks.lock().push(task);
    world.keep(&ann, 0..10).await;
    world.history.stop().await;
    assert_eq!((world.waits(), world.seconds(&ann).await.len()), (10, 10));
}
