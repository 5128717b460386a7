//! Scenes in which somebody's presence ends: silence, sign-offs, connections that go.

use super::scenes::{HERE, two};
use super::*;

#[test]
fn silence_ends_at_the_ttl_and_a_keep_puts_it_off() {
    let (mut world, alice, bob) = two();
    world.at(alice, HERE);
    world.at(bob, HERE);
    world.pass_ms(world.config.ttl_ms - 60_000);
    world.say(bob, &json!({ "type": "keep", "device": "d1" }));
    world.say(alice, &json!({ "type": "keep", "device": "d0" }));
    world.pass_ms(120_000);
    assert!(world.sees(alice, "bob"), "kept");
    world.say(alice, &json!({ "type": "keep", "device": "d0" }));
    world.heard(alice);
    world.pass_ms(world.config.ttl_ms - 60_000);
    assert!(!world.sees(alice, "bob"));
    let left = world.clients[alice].heard.iter().find(|m| m["type"] == "push").expect("told");
    assert_eq!(left["left"][0]["reason"], "gone");
}

#[test]
fn who_is_silent_too_long_is_told_and_sees_nobody() {
    let (mut world, alice, bob) = two();
    world.at(alice, HERE);
    world.pass_ms(world.config.ttl_ms / 2);
    world.at(bob, HERE);
    world.two_ticks();
    world.heard(alice);
    world.pass_ms(world.config.ttl_ms / 2 + 1_000);
    let heard = world.heard(alice);
    assert!(heard.contains(&"unlocated".to_owned()), "{heard:?}");
    assert!(world.clients[alice].friends.is_empty());
    world.say(alice, &json!({ "type": "keep", "device": "d0" }));
    let kept = world.clients[alice].heard.last().expect("answered");
    assert_eq!((&kept["type"], &kept["located"]), (&json!("kept"), &json!(false)));
}

#[test]
fn a_sign_off_is_gone_at_once_even_for_a_clock_that_is_ahead() {
    let (mut world, alice, bob) = two();
    world.at(alice, HERE);
    let ahead = world.now_ms() + 4_000;
    world.at_time(bob, HERE, Some(ahead));
    world.two_ticks();
    assert!(world.sees(alice, "bob"));
    world.say(bob, &json!({ "type": "sign_off", "device": "d1" }));
    world.two_ticks();
    assert!(!world.sees(alice, "bob"));
    let late = world.now_ms() - 1_000;
    let ack = world.at_time(bob, HERE, Some(late));
    assert_eq!((&ack["shown"], &ack["reason"]), (&json!(false), &json!("older")));
    world.pass_ms(5_000);
    world.at(bob, HERE);
    world.two_ticks();
    assert!(world.sees(alice, "bob"), "back with the next fix");
}

#[test]
fn the_next_fix_undoes_a_sign_off_however_soon_and_however_fast_the_phones_clock_was() {
    let (mut world, alice, bob) = two();
    world.at(alice, HERE);
    for ahead_ms in [0, 4_000] {
        let time_ms = world.now_ms() + ahead_ms;
        assert_eq!(world.at_time(bob, HERE, Some(time_ms))["shown"], true);
        world.say(bob, &json!({ "type": "sign_off", "device": "watch" }));
        world.two_ticks();
        assert!(!world.sees(alice, "bob"));
        // In the same millisecond: nothing but ticks has passed.
        world.say(bob, &json!({ "type": "sign_off", "device": "watch" }));
        assert_eq!(world.at(bob, HERE)["shown"], true);
        world.two_ticks();
        assert!(world.sees(alice, "bob"));
    }
}
#[test]
fn a_channel_nobody_watches_any_more_is_let_go() {
    let (mut world, alice, _) = two();
    assert_eq!(world.gateways[0].hub.channels(), 2, "alice herself and bob");
    world.clients.remove(alice);
    world.pass_ms(2_000);
    assert_eq!(world.gateways[0].hub.channels(), 0);
}

#[test]
fn a_user_with_many_friends_who_comes_and_goes_leaves_nothing_behind() {
    let mut world = World::new(2, Config { watches_per_s: 0, ..Config::default() });
    for n in 0..50 {
        let friend = format!("friend{n}");
        world.set_friends("alice", &friend, true);
        let connection = world.connect(&friend, 1);
        world.at(connection, HERE);
    }
    let left =
        |world: &World| (world.gateways[0].hub.channels(), world.gateways[0].timers.lock().len());
    let before = left(&world);
    for _ in 0..20 {
        let alice = world.connect("alice", 0);
        assert_eq!(world.gateways[0].hub.channels(), 51);
        world.clients.remove(alice);
        world.pass_ms(1_300);
        assert_eq!(left(&world), before);
    }
    // However often, before the channels of the first time have gone.
    let alice = world.connect("alice", 0);
    for _ in 0..20 {
        world.reconnect(alice, 0);
        world.two_ticks();
    }
    let (channels, timers) = left(&world);
    assert_eq!(channels, 51);
    // One for the position and one for the absence of each, and those of the connection itself.
    assert!(timers <= before.1 + 2 * 51 + 2, "{timers}, {} before", before.1);
}

#[test]
fn a_late_fix_after_a_keep_is_shown_no_longer_than_its_own_ttl() {
    let (mut world, alice, bob) = two();
    world.at(bob, HERE);
    world.pass_ms(100_000);
    world.say(bob, &json!({ "type": "keep", "device": "d1" }));
    // Alice's gateway hears of it only now, when the fix before holds for long.
    world.reconnect(alice, 0);
    world.at(alice, HERE);
    let late = world.now_ms() - 90_000;
    assert_eq!(world.at_time(bob, HERE, Some(late))["shown"], true);
    world.two_ticks();
    assert!(world.sees(alice, "bob"));
    world.pass_ms(world.config.ttl_ms - 90_000 - 1_000);
    assert!(world.sees(alice, "bob"));
    world.pass_ms(2_000);
    assert!(!world.sees(alice, "bob"), "a second after its effective time and the TTL");
}

#[test]
fn a_fix_that_is_over_when_its_turn_comes_ends_what_a_keep_made_hold_longer() {
    let (mut world, alice, bob) = two();
    world.at(alice, HERE);
    world.at(bob, HERE);
    world.pass_ms(100_000);
    world.say(bob, &json!({ "type": "keep", "device": "d1" }));
    world.pass_ms(world.config.ttl_ms - 60_000);
    // Newer than what was kept, which holds for a minute more.
    let holds_ms = 5;
    let time_ms = world.now_ms() - (world.config.ttl_ms - holds_ms) as i64;
    let fix = json!({
        "type": "fix", "device": "d1", "seq": 2, "latitude": HERE.0, "longitude": HERE.1, "time_ms": time_ms,
    });
    world.clients[bob].driver.text(&fix.to_string());
    world.step(2 * holds_ms);
    world.two_ticks();
    assert!(!world.sees(alice, "bob"), "their newest position is over");
    assert!(world.heard(bob).contains(&"unlocated".to_owned()));
}

#[test]
fn who_connects_again_and_again_with_many_friends_pays_for_it_and_nobody_else() {
    let config = Config { watches_per_s: 10, watches_burst: 200, ..Config::default() };
    let mut world = World::new(1, config);
    (0..100).for_each(|n| world.set_friends("alice", &format!("friend{n}"), true));
    // One costs 150: the second goes over the limit, the third isn't let in.
    let connections: Vec<_> = (0..3).map(|_| world.connect("alice", 0)).collect();
    let closed: Vec<_> = connections.iter().map(|n| world.clients[*n].closed).collect();
    assert_eq!(closed, [None, None, Some(CloseCode::RateLimited)]);
    let other = world.connect("friend0", 0);
    assert_eq!(world.clients[other].closed, None);
    world.pass_ms(11_000);
    world.reconnect(connections[2], 0);
    assert_eq!(world.clients[connections[2]].closed, None);
}
