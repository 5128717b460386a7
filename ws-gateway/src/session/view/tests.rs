use model::{DeviceId, Fix, Monotonic, Position, Timestamp, Version};

use super::*;
use crate::session::record::Presence;

fn id(name: &str) -> UserId {
    UserId::parse(name).expect("a valid id")
}

/// Where somebody is, at the n-th degree of longitude.
fn record(name: &str, n: u32) -> Arc<Record> {
    let device = DeviceId::parse("phone").expect("a valid id");
    let version = Version { effective: Timestamp(i64::from(n)), device, seq: u64::from(n) };
    let here = Presence::Here(Fix::at(Position::new(0.0, f64::from(n)).expect("on Earth")));
    Arc::new(Record::new(id(name), version, here, Monotonic(0)))
}

/// Somebody who looks round the world, with these friends near.
fn view(friends: &[&str]) -> View {
    let mut view = View::new(Metres(3e7));
    view.watch_self(&id("me-myself"));
    view.set_record(SELF_SLOT, Some(record("me-myself", 0)));
    for (friend, slot) in friends.iter().zip(1..) {
        view.add(&id(friend));
        view.set_record(slot, Some(record(friend, 1)));
    }
    view
}

fn names(seen: &[Seen]) -> Vec<&str> {
    seen.iter().map(|seen| seen.record.user.as_str()).collect()
}

fn part(view: &mut View, limit: usize) -> (Vec<String>, bool) {
    let (friends, more) = view.list(limit, &|_| true);
    (names(&friends).into_iter().map(str::to_owned).collect(), more)
}

#[test]
fn who_moves_between_two_parts_of_a_snapshot_is_told_after_it() {
    let mut view = view(&["ann", "ben"]);
    assert_eq!(part(&mut view, 1), (vec!["ann".to_owned()], true));
    view.set_record(1, Some(record("ann", 2)));
    assert_eq!(part(&mut view, 9), (vec!["ben".to_owned()], false));
    assert!(view.has_pending());
    let changes = view.collect(9, &|_| true);
    assert_eq!((names(&changes.moved), changes.count()), (vec!["ann"], 1));
}

#[test]
fn who_is_dismissed_between_two_parts_leaves_after_it_and_can_come_again() {
    let mut view = view(&["ann", "ben"]);
    assert_eq!(part(&mut view, 1), (vec!["ann".to_owned()], true));
    assert_eq!(view.remove(&id("ann")), Some(1));
    view.add(&id("ann"));
    view.set_record(3, Some(record("ann", 2)));
    assert_eq!(part(&mut view, 9), (vec!["ben".to_owned()], false));
    let left = view.collect(9, &|_| true);
    assert_eq!((left.left, left.came.len()), (vec![(id("ann"), Departure::Gone)], 0));
    assert_eq!(names(&view.collect(9, &|_| true).came), ["ann"]);
}
