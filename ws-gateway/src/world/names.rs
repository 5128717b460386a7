//! What clients are told of what their friends are called.

use super::{World, id};
use crate::Config;
use crate::session::circle::{CircleChange, CircleEdit};
use model::{FeedPosition, ReadToken};

const HOME: (f64, f64) = (48.0, 2.0);

fn near_each_other() -> (World, usize, usize) {
    let mut world = World::new(2, Config::default());
    world.set_friends("alice", "bob", true);
    let (alice, bob) = (world.connect("alice", 0), world.connect("bob", 1));
    (world, alice, bob)
}

impl World {
    /// Somebody chooses another name, which every gateway hears of.
    fn rename(&mut self, user: &str, name: &str) {
        self.friends.names.lock().insert(id(user), name.to_owned());
        let as_of = ReadToken { timeline: 1, position: FeedPosition(1) };
        let change = CircleChange { as_of, edit: CircleEdit::Renamed(id(user)) };
        for gateway in &self.gateways {
            gateway.changed(std::slice::from_ref(&change));
        }
        self.settle();
    }

    /// The names that a client was told since it was last asked.
    fn named(&mut self, number: usize) -> Vec<String> {
        let named = std::mem::take(&mut self.clients[number].named);
        named.into_iter().map(|(user, name)| format!("{user}: {name}")).collect()
    }
}

#[test]
fn a_friend_is_named_once_they_come_and_once_they_are_renamed() {
    let (mut world, alice, bob) = near_each_other();
    world.at(alice, HOME);
    world.two_ticks();
    assert_eq!(world.named(alice), [""; 0], "nobody is there");
    world.at(bob, HOME);
    world.two_ticks();
    assert_eq!(world.named(alice), ["bob: bob"]);
    for n in 0..5 {
        world.at(bob, (48.0 + f64::from(n) * 1e-4, 2.0));
        world.two_ticks();
    }
    world.at(bob, (52.0, 2.0));
    world.two_ticks();
    assert!(!world.sees(alice, "bob"));
    world.at(bob, HOME);
    world.two_ticks();
    assert_eq!(world.named(alice), [""; 0], "they come again, and are known");
    world.rename("bob", "Robert");
    assert_eq!(world.named(alice), ["bob: Robert"]);
    assert_eq!(world.named(bob), ["alice: alice"], "nothing of themself");
}

#[test]
fn who_is_renamed_out_of_sight_is_named_when_they_come() {
    let (mut world, alice, bob) = near_each_other();
    world.at(alice, HOME);
    world.at(bob, HOME);
    world.two_ticks();
    world.at(bob, (52.0, 2.0));
    world.two_ticks();
    world.named(alice);
    world.rename("bob", "Bobby");
    world.rename("bob", "Robert");
    assert_eq!(world.named(alice), [""; 0]);
    world.at(bob, HOME);
    world.two_ticks();
    assert_eq!(world.named(alice), ["bob: Robert"]);
}

#[test]
fn no_position_waits_for_a_name_and_names_come_once_the_directory_answers() {
    let (mut world, alice, bob) = near_each_other();
    world.set_directory_fails(true);
    world.at(alice, HOME);
    world.at(bob, HOME);
    world.two_ticks();
    assert!(world.sees(alice, "bob"));
    world.pass_ms(20_000);
    assert_eq!(world.named(alice), [""; 0]);
    world.set_directory_fails(false);
    world.pass_ms(35_000);
    assert_eq!(world.named(alice), ["bob: bob"]);
}

#[test]
fn a_stranger_is_not_named() {
    let (mut world, alice, bob) = near_each_other();
    let carol = world.connect("carol", 0);
    for person in [alice, bob, carol] {
        world.at(person, HOME);
    }
    world.two_ticks();
    world.rename("bob", "Robert");
    world.rename("carol", "Caroline");
    assert_eq!(world.named(carol), [""; 0]);
    assert_eq!(world.named(alice), ["bob: bob", "bob: Robert"]);
    world.set_friends("alice", "bob", false);
    world.two_ticks();
    world.rename("bob", "Rob");
    assert_eq!(world.named(alice), [""; 0]);
}

#[test]
fn after_a_gap_all_names_come_again() {
    let (mut world, alice, bob) = near_each_other();
    world.at(alice, HOME);
    world.at(bob, HOME);
    world.two_ticks();
    world.named(alice);
    // Of this nobody tells.
    world.friends.names.lock().insert(id("bob"), "Robert".to_owned());
    world.gateways[0].hub.gap(&[crate::live::Channel::precise(id("bob"))]);
    world.two_ticks();
    assert_eq!(world.named(alice), ["bob: Robert"]);
    world.friends.names.lock().insert(id("bob"), "Rob".to_owned());
    world.gateways[0].may_have_changed(&[id("alice")]);
    world.two_ticks();
    assert_eq!(world.named(alice), ["bob: Rob"]);
}

#[test]
fn more_renamings_than_are_remembered_are_made_good() {
    let (mut world, alice, bob) = near_each_other();
    world.at(alice, HOME);
    world.at(bob, HOME);
    world.two_ticks();
    world.named(alice);
    world.clients[alice].stuck = true;
    for n in 0..600 {
        world.rename("bob", &format!("Bob {n}"));
    }
    world.clients[alice].stuck = false;
    world.two_ticks();
    let named = world.named(alice);
    assert_eq!(named.last().map(String::as_str), Some("bob: Bob 599"));
    assert!(named.len() < 5, "{named:?}");
}
