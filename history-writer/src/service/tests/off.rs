//! Whoever wants no history.

use model::Timestamp;

use super::*;

#[tokio::test]
async fn what_was_acknowledged_before_it_was_turned_off_is_stored() {
    let (mut world, ann) = (World::new().await, user("ann"));
    assert_eq!(world.keep(&ann, 0..10).await, Kept::Log);
    world.history.set_off(&ann, true).await.expect("off");
    assert_eq!(world.keep(&ann, 10..20).await, Kept::Nothing);
    assert_eq!(world.seconds(&ann).await, (0..10).collect::<Vec<_>>());
    world.store_all().await.expect("stored");
    let world = world.reopen().await;
    assert_eq!(world.seconds(&ann).await, (0..10).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_came_while_it_was_off_does_not_count_also_once_it_is_on_again() {
    let (mut world, ann) = (World::new().await, user("ann"));
    // Another process turns it, and this one doesn't know yet.
    let now = world.clock.now().wall;
    world.register.set_off(&ann, true, now).await.expect("off");
    world.clock.advance_ms(1);
    assert_eq!(world.keep(&ann, 0..10).await, Kept::Log);
    assert_eq!(world.seconds(&ann).await, Vec::<i64>::new());
    world.clock.advance_ms(1);
    world.history.set_off(&ann, false).await.expect("on");
    assert_eq!(world.keep(&ann, 10..20).await, Kept::Log);
    let counting: Vec<_> = (10..20).collect();
    assert_eq!(world.seconds(&ann).await, counting);
    world.store_all().await.expect("stored");
    assert_eq!((world.waits(), world.seconds(&ann).await), (0, counting.clone()));
    let mut world = world.reopen().await;
    world.store_all().await.expect("stored again");
    assert_eq!(world.seconds(&ann).await, counting);
}

#[tokio::test]
async fn of_whoever_never_had_any_history_nothing_is_left() {
    let (mut world, ann) = (World::new().await, user("ann"));
    world.register.set_off(&ann, true, Timestamp(NOW - 1)).await.expect("off");
    world.keep(&ann, 0..10).await;
    world.store_all().await.expect("nothing to store");
    assert_eq!((world.waits(), world.seconds(&ann).await), (0, Vec::new()));
    let record = world.register.records(&[ann]).await.expect("a record").remove(0);
    assert_eq!(record.wrapped_key, None);
}

#[tokio::test]
async fn another_process_hears_of_it_when_its_walk_comes_round() {
    let world = World::new().await;
    let names: Vec<_> = (0..2_500).map(|n| user(&format!("user-{n}"))).collect();
    let now = world.clock.now().wall;
    for user in &names {
        world.register.set_off(user, true, now).await.expect("off");
    }
    let Shared { off_users, deps, .. } = &*world.history.shared;
    off_users.load(&*deps.register).await.expect("a walk");
    assert!(names.iter().all(|user| off_users.contains(user)));
    world.register.set_off(&names[7], false, now.plus_ms(5)).await.expect("on");
    world.history.set_off(&names[8], false).await.expect("on");
    assert!(off_users.contains(&names[7]) && !off_users.contains(&names[8]));
    while !off_users.walk(&*deps.register).await.expect("a page") {}
    let left = names.iter().filter(|user| off_users.contains(user)).count();
    assert!(left == 2_498 && !off_users.contains(&names[7]) && !off_users.contains(&names[8]));
}

#[tokio::test]
async fn what_cannot_be_turned_leaves_it_as_it_was() {
    let (world, ann) = (World::new().await, user("ann"));
    world.register_is_away(true);
    assert!(world.history.set_off(&ann, true).await.is_err());
    assert_eq!(world.keep(&ann, 0..1).await, Kept::Log);
    world.register_is_away(false);
    world.history.set_off(&ann, true).await.expect("off");
    world.register_is_away(true);
    assert!(world.history.set_off(&ann, false).await.is_err());
    assert!(world.history.set_off(&ann, true).await.is_err());
    assert_eq!(world.keep(&ann, 1..2).await, Kept::Nothing);
    world.register_is_away(false);
    assert_eq!(world.history.record(&ann).await.map(|it| it.off_times.is_off()), Ok(true));
}
