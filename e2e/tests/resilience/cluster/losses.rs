//! What people notice when a Redis server or a gateway goes away.

use std::time::Duration;

use e2e::{LISBON, Person};
use serde_json::{Value, json};

use super::world::{Small, metres_north};

/// How long nothing may be heard until it is believed that nothing comes.
const SILENCE: Duration = Duration::from_secs(4);

/// Bob lives on the first Redis server, alice and carol on the second; both are friends of bob.
struct Neighbours {
    cluster: Small,
    bob: String,
    alice: String,
    carol: String,
}

impl Neighbours {
    async fn start(settings: &str) -> Self {
        let cluster = Small::start_with(3, 2, settings).await;
        let bob = cluster.user_on(0, "bob");
        let (alice, carol) = (cluster.user_on(1, "alice"), cluster.user_on(1, "carol"));
        cluster.befriend(&bob, &alice).await;
        cluster.befriend(&bob, &carol).await;
        Self { cluster, bob, alice, carol }
    }

    /// Bob at a gateway, near Lisbon.
    async fn bob_at(&self, gateway: usize) -> Person {
        let mut bob = self.cluster.connect(gateway, &self.bob).await;
        bob.at(metres_north(200.0)).await;
        bob
    }

    /// Alice at the second gateway, who sees bob.
    async fn alice(&self) -> Person {
        let mut alice = self.cluster.connect(1, &self.alice).await;
        alice.at(LISBON).await;
        alice.expect_near(&self.bob).await;
        alice
    }

    /// Bob's Redis server loses everything.
    async fn wipe(&mut self) {
        self.cluster.redis(0).kill();
        self.cluster.redis(0).start_again().await;
    }

    /// Alice hears of it, and still sees bob; so does carol, who comes only now, at the third gateway.
    async fn bob_is_still_seen(&self, alice: &mut Person) {
        alice.hear(|m| m["type"] == "gap").await;
        alice.await_snapshot().await;
        assert!(alice.friends.contains_key(&self.bob), "alice lost sight of bob");
        let mut carol = self.cluster.connect(2, &self.carol).await;
        carol.at(LISBON).await;
        carol.settle().await;
        assert!(carol.friends.contains_key(&self.bob), "carol doesn't see bob");
        let path = "/v1/friends/nearby";
        let nearby = self.cluster.as_user(2, &self.carol, "GET", path, None).await;
        assert_eq!(nearby.json["friends"][0]["id"], json!(self.bob), "{nearby:?}");
    }
}

#[tokio::test]
async fn who_stands_still_is_still_seen_after_their_server_was_wiped() {
    let mut world = Neighbours::start("").await;
    let _bob = world.bob_at(0).await;
    let mut alice = world.alice().await;
    world.wipe().await;
    world.bob_is_still_seen(&mut alice).await;
    // The same without an end of any connection.
    let () = world.cluster.redis(0).run("FLUSHALL").await;
    world.bob_is_still_seen(&mut alice).await;
}

#[tokio::test]
async fn who_came_over_from_another_gateway_and_stands_still_is_still_seen_after_a_wipe() {
    let mut world = Neighbours::start("").await;
    let bob = world.bob_at(0).await;
    let mut alice = world.alice().await;
    world.cluster.kill(0).await;
    drop(bob);
    // The phone has moved nowhere and says nothing new.
    let _bob = world.cluster.connect(2, &world.bob).await;
    world.wipe().await;
    world.bob_is_still_seen(&mut alice).await;
}

#[tokio::test]
async fn a_gap_comes_before_its_snapshot_also_while_an_answer_is_owed() {
    let mut world = Neighbours::start("").await;
    let (dora, mut bob) = (world.cluster.user_on(0, "dora"), world.bob_at(0).await);
    world.cluster.befriend(&world.bob, &dora).await;
    let mut dora_there = world.cluster.connect(2, &dora).await;
    dora_there.at(LISBON).await;
    bob.expect_near(&dora).await;
    world.cluster.redis(0).kill();
    world.cluster.until_ready_is(0, |parts| parts["redis"] == false).await;
    // Its answer waits for the server.
    bob.send(&fix(7, 300.0)).await;
    world.cluster.redis(0).start_again().await;
    bob.hear(|m| m["type"] == "gap").await;
    bob.await_snapshot().await;
    assert!(bob.friends.contains_key(&dora));
}

fn fix(seq: u64, metres: f64) -> Value {
    let (latitude, longitude) = metres_north(metres);
    json!({
        "type": "fix", "device": "phone", "seq": seq, "latitude": latitude, "longitude": longitude,
    })
}

#[tokio::test]
async fn a_fix_that_could_not_be_stored_may_be_sent_again() {
    let mut world = Neighbours::start("[redis]\npatience_ms = 500\n").await;
    let mut bob = world.bob_at(0).await;
    let mut alice = world.alice().await;
    world.cluster.redis(0).kill();
    bob.send(&fix(7, 300.0)).await;
    let refused = bob.hear(|m| m["type"] == "error").await;
    let said = ["error", "device", "seq", "retry_after_ms"].map(|name| &refused[name]);
    assert_eq!(said, [&json!("unavailable"), &json!("phone"), &json!(7), &json!(1_000)]);
    world.cluster.redis(0).start_again().await;
    world.cluster.until_ready().await;
    bob.send(&fix(7, 300.0)).await;
    let ack = bob.hear(|m| m["type"] == "ack").await;
    assert_eq!(
        (&ack["seq"], &ack["shown"], &ack["kept"]),
        (&json!(7), &json!(true), &json!("memory"))
    );
    let latitude = metres_north(300.0).0;
    alice
        .expect(|friends| friends.get(&world.bob).is_some_and(|b| b["latitude"] == latitude))
        .await;
}

#[tokio::test]
async fn nobody_is_told_an_empty_world_while_a_server_is_away() {
    let mut world = Neighbours::start("[redis]\npatience_ms = 500\n").await;
    let _bob = world.bob_at(0).await;
    // Where alice was is known, on the other server.
    drop(world.alice().await);
    world.cluster.redis(0).kill();
    for gateway in 0..3 {
        world.cluster.until_ready_is(gateway, |parts| parts["redis"] == false).await;
    }
    let mut late = world.cluster.open(2, &world.alice).await;
    late.hear(|m| m["type"] == "welcome").await;
    let heard = tokio::time::timeout(SILENCE, late.next()).await;
    assert!(heard.is_err(), "told though bob's server is away: {heard:?}");
    let path = "/v1/friends/nearby";
    let nearby = world.cluster.as_user(2, &world.alice, "GET", path, None).await;
    assert_eq!(nearby.status, 503, "{nearby:?}");
    assert!(nearby.headers.contains_key("retry-after"), "{nearby:?}");
    world.cluster.redis(0).start_again().await;
    late.await_snapshot().await;
    assert!(
        late.friends.contains_key(&world.bob),
        "the first snapshot has bob: {late:?}",
        late = late.types()
    );
    assert!(!late.types().contains(&"gap"), "nothing was promised before: {:?}", late.types());
}
