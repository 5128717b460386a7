//! Gateways on machines whose clocks differ, as clocks do: by a tenth of a second.

use std::sync::Arc;

use e2e::servers::Redis;
use model::{
    Clock, DeviceId, Fix, ManualClock, Moment, Position, SeededRandom, Timestamp, UserId, Version,
};
use ws_gateway::live::redis::{Config, Redis as Servers, Server};
use ws_gateway::live::{Channel, FixLimit, Live, Sink, Written};
use ws_gateway::{CLOCK_AHEAD_MS, CircleChange, Presence, Record, Sighting};

const START: Timestamp = Timestamp(1_800_000_000_000);
const SKEW_MS: i64 = 100;
const TTL_MS: u64 = 600_000;

struct Deaf;

impl Sink for Deaf {
    fn deliver(&self, _: &Channel, _: Sighting) {}

    fn changed(&self, _: &[CircleChange]) {}

    fn local_positions(&self, _: &[Channel]) -> Vec<(Channel, Sighting)> {
        Vec::new()
    }

    fn gap(&self, _: &[Channel]) {}
}

async fn gateway(server: &Redis, wall: Timestamp) -> (Arc<dyn Live>, Moment) {
    let shard = Server {
        name: "a".to_owned(),
        weight: 1,
        url: server.url(),
        password_file: None,
        tls_ca_file: None,
    };
    let config = Config { shards: vec![shard], settle_ms: 10, ..Config::default() };
    let clock = Arc::new(ManualClock::at(wall));
    let random = Arc::new(SeededRandom::new(wall.0 as u64));
    let connected = Servers::connect(config, FixLimit::default(), clock.clone(), random).await;
    let sink: Arc<dyn Sink> = Arc::new(Deaf);
    (connected.expect("the server is there").attach(&sink), clock.now())
}

fn bob() -> Channel {
    Channel::precise(UserId::parse("bob").expect("an id"))
}

fn sighting(device: &str, effective: Timestamp, now: Moment) -> (Channel, Sighting) {
    let device = DeviceId::parse(device).expect("an id");
    let version = Version { effective, device, seq: 1 };
    let fix = Fix::at(Position::new(12.5, -7.25).expect("on Earth"));
    let record = Record::new(bob().user, version, Presence::Here(fix), now.monotonic);
    let expires = now.monotonic.plus_ms(TTL_MS);
    (bob(), Sighting { record: Arc::new(record), expires })
}

#[tokio::test]
async fn a_phone_as_fast_as_is_believed_is_not_moved_backwards_by_a_gateway_whose_clock_is_slow() {
    let server = Redis::start().await;
    let (fast, now) = gateway(&server, START.plus_ms(SKEW_MS)).await;
    let newest = now.wall.plus_ms(CLOCK_AHEAD_MS);
    let written = fast.announce(sighting("tablet", newest, now), 0).await.expect("it is there");
    assert_eq!(written, Written::Newest);
    let (slow, now) = gateway(&server, START).await;
    let written = slow.announce(sighting("phone", now.wall, now), 0).await.expect("it is there");
    assert_eq!(written, Written::Older);
    let read = slow.read(vec![bob()]).await.expect("it is there");
    let shown = read[0].as_ref().map(|sighting| sighting.record.version.effective);
    assert_eq!(shown, Some(newest), "moved backwards");
}
