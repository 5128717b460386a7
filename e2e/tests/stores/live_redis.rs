//! The bus and the position store over real Redis servers, which are killed, wiped, cut off and misconfigured.

mod changes;
mod clocks;
mod logins;
mod losses;
mod maps;
mod returns;

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use e2e::DEADLINE;
use e2e::servers::Redis;
use model::{
    Clock, DeviceId, ErrorChain, FeedPosition, Fix, Position, Random, ReadToken, SeededRandom,
    SystemClock, UserId, Version,
};
use tokio::sync::watch;
use ws_gateway::CircleChange;
use ws_gateway::live::redis::{Config, Redis as Servers, Server};
use ws_gateway::live::{Channel, FixLimit, Live, Sink};
use ws_gateway::{Presence, Record, Sighting};

/// What a gateway has been handed.
#[derive(Default)]
struct Heard {
    newest: HashMap<Channel, u64>,
    changes: Vec<ReadToken>,
    gaps: Vec<Channel>,
}

struct Ear(watch::Sender<Heard>);

impl Sink for Ear {
    fn deliver(&self, channel: &Channel, sighting: Sighting) {
        let seq = sighting.record.version.seq;
        self.0.send_modify(|heard| {
            heard.newest.insert(channel.clone(), seq);
        });
    }

    fn changed(&self, changes: &[CircleChange]) {
        self.0.send_modify(|heard| heard.changes.extend(changes.iter().map(|change| change.as_of)));
    }

    fn local_positions(&self, _: &[Channel]) -> Vec<(Channel, Sighting)> {
        Vec::new()
    }

    fn gap(&self, channels: &[Channel]) {
        self.0.send_modify(|heard| heard.gaps.extend_from_slice(channels));
    }
}

struct Gateway {
    live: Arc<dyn Live>,
    ear: Arc<Ear>,
}

impl Gateway {
    async fn until(&self, what: &str, condition: impl Fn(&Heard) -> bool) {
        let mut heard = self.ear.0.subscribe();
        let met = tokio::time::timeout(DEADLINE, heard.wait_for(condition)).await;
        assert!(met.is_ok(), "never: {what}; gaps {:?}", self.ear.0.borrow().gaps);
    }

    async fn until_gap(&self, user: &str) {
        self.until("a gap", |heard| heard.gaps.contains(&channel(user))).await;
    }

    async fn until_heard(&self, user: &str, seq: u64) {
        self.until("a delivery", |heard| heard.newest.get(&channel(user)) == Some(&seq)).await;
    }

    fn gaps(&self) -> Vec<Channel> {
        self.ear.0.borrow().gaps.clone()
    }

    async fn subscribe(&self, users: &[&str]) {
        self.live
            .subscribe(users.iter().map(|user| channel(user)).collect())
            .await
            .expect("subscribed");
    }

    async fn read(&self, user: &str) -> Option<u64> {
        let read = self.live.read(vec![channel(user)]).await.expect("read");
        read[0].as_ref().map(|sighting| sighting.record.version.seq)
    }
}

fn channel(user: &str) -> Channel {
    Channel::precise(UserId::parse(user).expect("an id"))
}

/// Stands for the reading of the directory's feed, of which there is nothing here: a server counts as back once it was read.
async fn follow(live: Weak<dyn Live>, clock: Arc<dyn Clock>) {
    while let Some(live) = live.upgrade() {
        live.followed(clock.now().monotonic);
        drop(live);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Several gateways over the same servers.
struct World {
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    config: Config,
}

impl World {
    fn over(urls: &[String]) -> Self {
        let shards = urls.iter().zip(["a", "b", "c", "d"]).map(|(url, name)| server(name, url));
        let config = Config {
            shards: shards.collect(),
            probe_interval_ms: 200,
            probe_timeout_ms: 500,
            settle_ms: 1_000,
            command_timeout_ms: 500,
            ..Config::default()
        };
        let clock = Arc::new(SystemClock::start());
        Self { clock, random: Arc::new(SeededRandom::new(3)), config }
    }

    async fn connect(&self) -> Result<Servers, ws_gateway::live::Error> {
        Servers::connect(
            self.config.clone(),
            FixLimit::default(),
            self.clock.clone(),
            self.random.clone(),
        )
        .await
    }

    async fn gateways<const N: usize>(&self) -> [Gateway; N] {
        let servers = self.connect().await.expect("the servers are there");
        std::array::from_fn(|_| {
            let ear = Arc::new(Ear(watch::channel(Heard::default()).0));
            let live = servers.attach(&(ear.clone() as Arc<dyn Sink>));
            tokio::spawn(follow(Arc::downgrade(&live), self.clock.clone()));
            Gateway { live, ear }
        })
    }

    fn sighting(&self, user: &str, seq: u64) -> (Channel, Sighting) {
        let now = self.clock.now();
        let device = DeviceId::parse("phone").expect("an id");
        let version = Version { effective: now.wall, device, seq };
        let fix = Fix::at(Position::new(12.5, -7.25).expect("on Earth"));
        let channel = channel(user);
        let user = channel.user.clone();
        let record = Record::new(user, version, Presence::Here(fix), now.monotonic);
        let expires = now.monotonic.plus_ms(600_000);
        (channel, Sighting { record: Arc::new(record), expires })
    }

    async fn announce(&self, gateway: &Gateway, user: &str, seq: u64) {
        gateway.live.announce(self.sighting(user, seq), 0).await.expect("announced");
    }

    /// A user who lives on this shard.
    fn user_on(&self, shard: &str) -> String {
        let map = self.config.shard_map().expect("a map");
        let names = (0..).map(|n| format!("{shard}-user{n}"));
        let lives_there = |name: &String| {
            let user = UserId::parse(name).expect("an id");
            map.owner(&user).name.as_str() == shard
        };
        names.into_iter().find(lives_there).expect("every shard has users")
    }
}

fn server(name: &str, url: &str) -> Server {
    Server {
        name: name.to_owned(),
        weight: 1,
        url: url.to_owned(),
        password_file: None,
        tls_ca_file: None,
    }
}

/// So much time is given to a server that is back until a gap is told.
const RECOVERY: Duration = Duration::from_secs(5);

async fn servers<const N: usize>() -> [Redis; N] {
    let mut all = Vec::new();
    for _ in 0..N {
        all.push(Redis::start().await);
    }
    all.try_into().unwrap_or_else(|_| unreachable!("as many as asked for"))
}

/// Asks again and again, at most until the deadline.
async fn eventually(what: &str, condition: impl Fn() -> bool) {
    let asking = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    assert!(tokio::time::timeout(DEADLINE, asking).await.is_ok(), "never: {what}");
}
