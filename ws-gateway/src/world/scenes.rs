//! Single scenes, each one rule of the protocol.

use super::*;

pub(super) const HERE: (f64, f64) = (38.7223, -9.1393);

fn north(metres: f64) -> (f64, f64) {
    (HERE.0 + metres / 111_000.0, HERE.1)
}

/// Alice and Bob are friends and connected to different gateways.
pub(super) fn two() -> (World, usize, usize) {
    let mut world = World::new(2, Config::default());
    world.set_friends("alice", "bob", true);
    let alice = world.connect("alice", 0);
    let bob = world.connect("bob", 1);
    (world, alice, bob)
}

#[test]
fn a_friend_is_told_at_once_and_then_once_a_tick() {
    let (mut world, alice, bob) = two();
    world.at(alice, HERE);
    world.two_ticks();
    world.heard(alice);
    world.at(bob, north(100.0));
    assert_eq!(world.heard(alice), ["push", "hint"]);
    world.at(bob, north(200.0));
    world.at(bob, north(300.0));
    assert!(world.heard(alice).is_empty(), "the tick isn't over");
    world.step(world.config.tick_ms);
    assert_eq!(world.heard(alice), ["push"]);
    let shown = world.clients[alice].friends["bob"]["distance_m"].as_f64().expect("a distance");
    assert!((295.0..305.0).contains(&shown), "only the newest: {shown}");
}

#[test]
fn a_pong_comes_after_everything_that_was_to_tell() {
    let (mut world, alice, bob) = two();
    world.at(alice, HERE);
    world.at(bob, HERE);
    world.two_ticks();
    world.at(bob, north(10.0));
    world.at(bob, north(20.0));
    world.heard(alice);
    world.say(alice, &json!({ "type": "ping", "id": 9 }));
    assert_eq!(world.heard(alice), ["push", "pong"]);
}

#[test]
fn the_watchers_own_way_changes_distances_arrivals_and_departures() {
    let (mut world, alice, bob) = two();
    world.at(bob, HERE);
    world.at(alice, north(30_000.0));
    world.two_ticks();
    assert!(!world.sees(alice, "bob"));
    world.at(alice, north(1_000.0));
    world.two_ticks();
    assert!(world.sees(alice, "bob"));
    world.heard(alice);
    world.at(alice, north(2_000.0));
    world.two_ticks();
    let last = world.clients[alice].heard.last().expect("a push").clone();
    assert_eq!(last["distances"][0]["id"], "bob");
    world.at(alice, north(30_000.0));
    world.two_ticks();
    assert!(!world.sees(alice, "bob"));
}

#[test]
fn between_the_radii_nobody_comes_and_nobody_leaves() {
    let (mut world, alice, bob) = two();
    world.at(alice, HERE);
    let edge = north(8_047.0 + 400.0);
    world.at(bob, edge);
    world.two_ticks();
    assert!(!world.sees(alice, "bob"));
    world.at(bob, HERE);
    world.at(bob, edge);
    world.two_ticks();
    world.at(bob, HERE);
    world.two_ticks();
    world.at(bob, edge);
    world.two_ticks();
    assert!(world.sees(alice, "bob"));
}

#[test]
fn ceasing_to_be_friends_takes_effect_before_anything_else_is_told() {
    let (mut world, alice, bob) = two();
    world.at(alice, HERE);
    world.at(bob, HERE);
    world.two_ticks();
    world.heard(alice);
    world.set_friends("alice", "bob", false);
    world.at(bob, north(50.0));
    world.two_ticks();
    assert!(!world.sees(alice, "bob") && !world.sees(bob, "alice"));
    for message in &world.clients[alice].heard {
        assert!(message.get("moved").is_none(), "a position after the end: {message}");
    }
    world.set_friends("alice", "bob", true);
    world.two_ticks();
    assert!(world.sees(alice, "bob") && world.sees(bob, "alice"));
}

#[test]
fn parting_and_befriending_within_a_tick_ends_with_the_friend_in_the_list() {
    let (mut world, alice, bob) = two();
    world.at(alice, HERE);
    world.at(bob, HERE);
    world.two_ticks();
    world.set_friends("alice", "bob", false);
    world.clients[alice].stuck = true;
    world.settle();
    world.set_friends("alice", "bob", true);
    world.settle();
    world.clients[alice].stuck = false;
    world.two_ticks();
    assert!(world.sees(alice, "bob"));
}

#[test]
fn while_friends_can_not_be_read_nothing_is_told() {
    let (mut world, alice, bob) = two();
    world.at(alice, HERE);
    world.at(bob, HERE);
    world.two_ticks();
    world.set_directory_fails(true);
    world.set_friends("alice", "bob", false);
    world.heard(alice);
    world.at(bob, north(50.0));
    world.two_ticks();
    assert!(world.heard(alice).is_empty());
    world.set_directory_fails(false);
    world.pass_ms(2_000);
    assert!(!world.sees(alice, "bob"));
}

#[test]
fn a_gap_is_told_and_followed_by_a_snapshot() {
    let (mut world, alice, bob) = two();
    world.at(alice, HERE);
    world.at(bob, HERE);
    world.two_ticks();
    world.heard(alice);
    for gateway in &world.gateways {
        gateway.registry.signal_all(|signals| signals.gap = true);
    }
    world.settle();
    let heard = world.heard(alice);
    assert_eq!(heard[..2], ["gap", "snapshot"], "{heard:?}");
    assert!(world.sees(alice, "bob") && world.sees(bob, "alice"));
}

#[test]
fn a_new_radius_is_told_and_acts_at_once() {
    let (mut world, alice, bob) = two();
    world.at(alice, HERE);
    world.at(bob, north(5_000.0));
    world.two_ticks();
    assert!(world.sees(alice, "bob"));
    world.set_radius("alice", 1_000.0);
    world.two_ticks();
    assert!(!world.sees(alice, "bob") && world.sees(bob, "alice"));
    assert!(world.heard(alice).contains(&"radius".to_owned()));
}

#[test]
fn a_second_device_hears_where_the_first_is() {
    let mut world = World::new(2, Config::default());
    let phone = world.connect("alice", 0);
    world.at(phone, HERE);
    let tablet = world.connect("alice", 1);
    assert_eq!(world.heard(tablet), ["welcome", "position", "snapshot"]);
    world.pass_ms(1_000);
    world.at(phone, north(10.0));
    world.two_ticks();
    assert_eq!(world.heard(tablet), ["position"]);
    assert!(!world.heard(phone).contains(&"position".to_owned()));
}

#[test]
fn watchers_are_never_moved_backwards_by_two_devices_with_skewed_clocks() {
    let mut world = World::new(2, Config::default());
    world.set_friends("alice", "bob", true);
    let alice = world.connect("alice", 0);
    let phone = world.connect("bob", 0);
    let tablet = world.connect("bob", 1);
    world.at(alice, HERE);
    let mut last = 0;
    for round in 0..40 {
        world.pass_ms(700);
        let now_ms = world.now_ms();
        let (device, skew_ms) = if round % 2 == 0 { (phone, 3_000) } else { (tablet, -2_000) };
        world.at_time(device, north(f64::from(round)), Some(now_ms + skew_ms));
        world.two_ticks();
        let time_ms = world.clients[alice].friends["bob"]["time_ms"].as_i64().expect("a time");
        assert!(time_ms >= last, "moved backwards");
        last = time_ms;
    }
}

#[test]
fn after_the_clock_was_set_back_an_hour_people_still_move() {
    let (mut world, alice, bob) = two();
    world.at(alice, HERE);
    world.at(bob, HERE);
    world.two_ticks();
    world.clock.step_wall_ms(-3_600_000);
    let ack = world.at(bob, north(500.0));
    assert_eq!(ack["shown"], true);
    world.at(alice, north(100.0));
    world.two_ticks();
    let distance_m = world.clients[alice].friends["bob"]["distance_m"].as_f64().expect("seen");
    assert!((390.0..410.0).contains(&distance_m), "{distance_m}");
}

#[test]
fn a_client_that_is_stuck_is_degraded_and_then_hears_only_the_newest() {
    let (mut world, alice, bob) = two();
    world.at(alice, HERE);
    world.at(bob, HERE);
    world.two_ticks();
    world.heard(alice);
    world.clients[alice].stuck = true;
    for step in 0..200 {
        world.at(bob, north(f64::from(step)));
        world.step(100);
    }
    world.clients[alice].stuck = false;
    world.clients[alice].driver.flushed();
    world.settle();
    assert_eq!(world.heard(alice)[..2], ["degraded", "push"]);
    let distance_m = world.clients[alice].friends["bob"]["distance_m"].as_f64().expect("seen");
    assert!((198.0..200.5).contains(&distance_m), "the newest: {distance_m}");
}

#[test]
fn a_client_that_is_stuck_for_too_long_is_closed() {
    let (mut world, alice, _) = two();
    world.clients[alice].stuck = true;
    world.settle();
    world.pass_ms(world.config.stuck_close_ms + 1_000);
    world.clients[alice].stuck = false;
    world.settle();
    assert_eq!(world.clients[alice].closed, Some(CloseCode::SlowClient));
}

#[test]
fn a_big_snapshot_comes_in_parts() {
    let config = Config { changes_per_message_max: 10, ..Config::default() };
    let mut world = World::new(1, config);
    let alice = world.connect("alice", 0);
    world.at(alice, HERE);
    for n in 0..35 {
        let friend = format!("friend{n}");
        world.set_friends("alice", &friend, true);
        let connection = world.connect(&friend, 0);
        world.at(connection, HERE);
    }
    world.two_ticks();
    world.reconnect(alice, 0);
    let parts = world.heard(alice).iter().filter(|kind| *kind == "snapshot").count();
    assert_eq!((parts, world.clients[alice].friends.len()), (4, 35));
}

#[test]
fn the_limit_of_fixes_is_a_users_however_many_connections_they_have() {
    let config = Config { fixes_burst: 100, fixes_per_s: 1, ..Config::default() };
    let mut world = World::new(1, config);
    let (phone, watch) = (world.connect("alice", 0), world.connect("alice", 0));
    let bob = world.connect("bob", 0);
    let fixes: Vec<_> =
        (1..=100).map(|seq| json!({ "seq": seq, "latitude": 1.0, "longitude": 2.0 })).collect();
    world.say(phone, &json!({ "type": "fixes", "device": "phone", "fixes": fixes }));
    assert!(world.heard(phone).contains(&"ack".to_owned()));
    let fix =
        json!({ "type": "fix", "device": "watch", "seq": 1, "latitude": 1.0, "longitude": 2.0 });
    world.heard(watch);
    world.say(watch, &fix);
    assert_eq!(world.heard(watch).last().map(String::as_str), Some("error"));
    world.at(bob, HERE);
    world.pass_ms(1_000);
    world.say(watch, &fix);
    assert!(world.heard(watch).contains(&"ack".to_owned()));
}
