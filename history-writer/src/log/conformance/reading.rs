//! What is appended is what is read.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use model::{DeviceId, Fix, Position, Timestamp, Version};

use super::{LogBackend, START, World, numbers, point, user};
use crate::{LogPosition, Point, Unshown};

pub(super) async fn what_is_appended_is_read_in_order(backend: &dyn LogBackend) {
    let world = World::new(backend).await;
    assert!(world.read_all().await.is_empty());
    world.append("ann", 0..10).await;
    let many: Vec<_> = (10..500).map(point).collect();
    world.log.log.append(&user("ben"), &many).await.expect("appended");
    world.log.log.append(&user("ben"), &[]).await.expect("nothing to do");
    let read = world.read_all().await;
    assert_eq!(numbers(&read), (0..500).collect::<Vec<_>>());
    assert!(read.iter().all(|it| (it.user == user("ann")) == (it.point.version.seq < 10)));
}

pub(super) async fn every_kind_of_value_is_read_as_it_was(backend: &dyn LogBackend) {
    let world = World::new(backend).await;
    let mut points = Vec::new();
    for (n, at) in [0, -1, i64::MAX / 4, START].into_iter().enumerate() {
        let device = DeviceId::parse(&"d".repeat(1 + 15 * n)).expect("a device");
        let version = Version { effective: Timestamp(at), device, seq: [0, u64::MAX][n % 2] };
        let place = Position::new([-90.0, 90.0][n % 2], [180.0, -180.0][n / 2]).expect("on Earth");
        let fix = Fix {
            accuracy_m: (n > 0).then_some(12.5),
            altitude_m: (n > 1).then_some(-400.25),
            battery_percent: (n > 1).then_some(0.0),
            speed_mps: (n > 2).then_some(99.5),
            heading_deg: (n > 2).then_some(359.5),
            ..Fix::at(place)
        };
        points.push(Point::new(version, &fix, Timestamp(START), Some(Unshown::TooOld)));
    }
    let somebody = user(&"u".repeat(128));
    world.log.log.append(&somebody, &points).await.expect("appended");
    let read = world.read_all().await;
    assert!(read.iter().all(|it| it.user == somebody));
    assert_eq!(read.into_iter().map(|it| it.point).collect::<Vec<_>>(), points);
}

pub(super) async fn what_is_appended_at_once_is_read_once(backend: &dyn LogBackend) {
    let world = World::new(backend).await;
    let log = &world.log.log;
    let answers = (0..400).map(|n| log.append(&user(&format!("user-{}", n % 40)), &[point(n)]));
    let positions: Vec<_> = join_all(answers.collect::<Vec<_>>()).await;
    let positions: BTreeSet<_> = positions.into_iter().map(|it| it.expect("appended")).collect();
    assert_eq!(positions.len(), 400, "each has a position of its own");
    let read = world.read_all().await;
    assert_eq!(read.iter().map(|it| it.position).collect::<BTreeSet<_>>(), positions);
    let all: BTreeSet<_> = numbers(&read).into_iter().collect();
    assert_eq!(all, (0..400).collect());
    for name in 0..40 {
        let of = user(&format!("user-{name}"));
        let own: Vec<_> = read.iter().filter(|it| it.user == of).collect();
        assert!(own.is_sorted_by_key(|it| it.point.version.seq), "in the order of their calls");
    }
}

pub(super) async fn reading_goes_on_from_anywhere(backend: &dyn LogBackend) {
    let world = World::new(backend).await;
    let many: Vec<_> = (0..100).map(point).collect();
    for points in many.chunks(30) {
        world.log.log.append(&user("ann"), points).await.expect("appended");
    }
    let all = world.read_all().await;
    for from in [0, 1, 29, 30, 31, 99] {
        let rest = world.read(all[from].position).await;
        assert_eq!(rest, all[from..]);
    }
    assert!(world.read(LogPosition(all[99].position.0 + 1)).await.is_empty());
}

pub(super) async fn who_waits_hears_of_what_comes(backend: &dyn LogBackend) {
    let world = World::new(backend).await;
    world.append("ann", 0..3).await;
    let read = world.log.reader.read(world.log.reader.replay_from(), 10).await.expect("read");
    world.log.reader.wait(world.log.reader.replay_from()).await;
    let (waited, ()) = tokio::join!(world.log.reader.wait(read.next), world.append("ann", 3..4));
    let () = waited;
    assert_eq!(numbers(&world.read(read.next).await), [3]);
}

pub(super) async fn what_is_not_stored_is_known_by_user(backend: &dyn LogBackend) {
    let world = World::new(backend).await;
    world.append("ann", 0..5).await;
    world.append("ben", 5..9).await;
    let read = world.read_all().await;
    let recent = |name: &str| {
        let mut found = Vec::new();
        assert!(
            world.log.reader.recent(&user(name), &mut |point: Point| found.push(point.version.seq))
        );
        found.sort_unstable();
        found
    };
    assert_eq!((recent("ann"), recent("ben")), (vec![0, 1, 2, 3, 4], vec![5, 6, 7, 8]));
    assert_eq!(recent("eve"), Vec::<u64>::new());
    let users = |after| world.log.reader.recent_users(after, 10);
    assert_eq!(users(None), (vec![user("ann"), user("ben")], true));
    assert_eq!(users(Some(&user("ann"))), (vec![user("ben")], true));
    world.log.reader.forget(LogPosition(read[8].position.0 + 1)).await.expect("told");
    world.append("ann", 9..10).await;
    world.read_all().await;
    assert!(recent("ann").contains(&9));
}
