//! The deployment's key is changed.

use super::world::{World, user};
use super::*;
use crate::{DeploymentKey, KeyId};

fn id(byte: u8) -> KeyId {
    DeploymentKey::new(&[byte; 32]).id()
}

impl World {
    /// As many turns as all takes that there is in a test.
    async fn look_after(&self) {
        for turn in 0..10 {
            self.history.shared.look_after(turn).await.expect("the register is there");
        }
    }

    async fn wrapping(&self) -> Vec<KeyId> {
        self.register.wrapping_keys().await.expect("the register is there")
    }
}

#[tokio::test]
async fn once_all_is_wrapped_by_the_new_key_the_old_one_is_not_needed() {
    let mut world = World::new().await;
    for name in ["ann", "ben", "cat"] {
        world.keep(&user(name), 0..60).await;
    }
    world.store_all().await.expect("stored");
    world.history.erase(&user("cat"), TimeRange::ALL).await.expect("erased").expect("always");
    world.look_after().await;
    assert_eq!(world.wrapping().await, [id(7)]);

    // What isn't the first wraps nothing.
    let world = world.reopen_with(&[7, 9]).await;
    world.look_after().await;
    assert_eq!(world.wrapping().await, [id(7)]);

    let world = world.reopen_with(&[9, 7]).await;
    assert_eq!(world.seconds(&user("ann")).await.len(), 60, "before");
    world.look_after().await;
    assert_eq!(world.wrapping().await, [id(9)]);
    assert_eq!(world.seconds(&user("ann")).await.len(), 60, "as it was remembered");

    let mut world = world.reopen_with(&[9]).await;
    for (name, points) in [("ann", 60), ("ben", 60), ("cat", 0)] {
        assert_eq!(world.seconds(&user(name)).await.len(), points, "{name}");
    }
    world.clock.advance_ms(1);
    world.keep(&user("cat"), 0..60).await;
    world.store_all().await.expect("sealed by a key that is wrapped by the new one");
    assert_eq!(world.wrapping().await, [id(9)]);
}

#[tokio::test]
async fn a_key_that_can_not_be_unwrapped_holds_up_nobody() {
    let mut world = World::new().await;
    let foreign = [&[1][..], &id(7).0, &[0; 48]].concat();
    world.register.make_keys(&[(user("ada"), foreign)]).await.expect("noted");
    world.keep(&user("ann"), 0..60).await;
    world.store_all().await.expect("stored");
    let world = world.reopen_with(&[9, 7]).await;
    world.look_after().await;
    assert_eq!(world.wrapping().await.len(), 2, "one is left");
    let known = world.history.record(&user("ann")).await.expect("there");
    let wrapped = known.wrapped_key.expect("a key");
    assert_eq!(KeyId::that_wrapped(&wrapped), Some(id(9)));
}
