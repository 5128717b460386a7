//! Several gateways on one bus, people with clients, and a clock that only tests move: everything but sockets.

mod boards;
mod client;
mod ends;
mod held;
mod history;
mod names;
mod properties;
mod scenes;
mod schedules;
pub(crate) mod stepping;

use std::collections::HashMap;
use std::sync::Arc;

use api::{Verifier, VerifyingKey};
use futures_util::future::BoxFuture;
use model::{Clock, FeedPosition, ManualClock, Metres, ReadToken, SeededRandom, Timestamp, UserId};
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::live::embedded::Embedded;
use crate::live::{Error, FixLimit};
use crate::service::friends::Friends;
use crate::service::history::History;
use crate::service::{Deps, Gateway};
use crate::session::circle::Circle;
use crate::session::friends::people::{RelationState, ShownRelation};
use crate::{Config, protocol::CloseCode};
use client::Client;

/// The time at which every world begins.
const START: Timestamp = Timestamp(1_800_000_000_000);

/// The longest step of time at once; shorter than the grace that a pinged client has.
const LEAP_MS: u64 = 5_000;

/// More rounds than any exchange of messages takes.
const ROUNDS_MAX: usize = 1_000;

/// Who may see whom, changed by tests.
#[derive(Default)]
struct Acquaintances {
    circles: Mutex<HashMap<UserId, Circle>>,
    names: Mutex<HashMap<UserId, String>>,
    fails: Mutex<bool>,
}

impl Friends for Acquaintances {
    fn circle(&self, user: UserId) -> BoxFuture<'_, Result<Circle, Error>> {
        let failed = *self.fails.lock();
        let answer = if failed {
            Err(Error::unavailable("as the test wants"))
        } else {
            Ok(self.change(&user, |circle| circle.clone()))
        };
        Box::pin(std::future::ready(answer))
    }

    fn names(&self, users: Vec<UserId>) -> BoxFuture<'_, Result<Vec<Arc<str>>, Error>> {
        let chosen = self.names.lock();
        let name = |user: &UserId| chosen.get(user).map_or(user.as_str(), String::as_str).into();
        let answer = if *self.fails.lock() {
            Err(Error::unavailable("as the test wants"))
        } else {
            Ok(users.iter().map(name).collect())
        };
        Box::pin(std::future::ready(answer))
    }

    fn relations(
        &self,
        _: UserId,
        others: Vec<UserId>,
    ) -> BoxFuture<'_, Result<Vec<ShownRelation>, Error>> {
        let asks = ShownRelation { state: RelationState::Incoming, name: Some("Asker".into()) };
        Box::pin(std::future::ready(Ok(vec![asks; others.len()])))
    }

    fn radius(&self, chosen_m: Option<u32>) -> Metres {
        Metres(f64::from(chosen_m.unwrap_or(8_047)))
    }
}

impl Acquaintances {
    fn change<T>(&self, user: &UserId, with: impl FnOnce(&mut Circle) -> T) -> T {
        let mut circles = self.circles.lock();
        let as_of = ReadToken { timeline: 1, position: FeedPosition(0) };
        let nobody = || Circle { as_of, friends: Vec::new(), radius: Metres(8_047.0) };
        with(circles.entry(user.clone()).or_insert_with(nobody))
    }
}

pub(crate) struct World {
    clock: Arc<ManualClock>,
    config: Config,
    friends: Arc<Acquaintances>,
    boards: Arc<boards::Tables>,
    gateways: Vec<Arc<Gateway>>,
    clients: Vec<Client>,
}

fn verifier() -> Arc<Verifier> {
    Arc::new(Verifier::new(vec![verifying_key()], "i", "a", 0).expect("one key"))
}

fn verifying_key() -> VerifyingKey {
    VerifyingKey::hs256("k", &[7; 32]).expect("long enough")
}

fn id(name: &str) -> UserId {
    UserId::parse(name).expect("a valid id")
}

impl World {
    fn new(gateways: usize, config: Config) -> Self {
        Self::keeping(gateways, config, None)
    }

    /// One with a movement history.
    fn keeping(gateways: usize, config: Config, history: Option<&Arc<dyn History>>) -> Self {
        let clock = Arc::new(ManualClock::at(START));
        let friends = Arc::new(Acquaintances::default());
        let boards = Arc::new(boards::Tables::default());
        let limit = FixLimit { per_s: config.fixes_per_s, burst: config.fixes_burst };
        let embedded = Embedded::new(clock.clone(), &SeededRandom::new(7), limit);
        let gateways = (0..gateways)
            .map(|n| {
                let deps = Deps {
                    clock: clock.clone(),
                    random: Arc::new(SeededRandom::new(n as u64)),
                    verifier: verifier(),
                    friends: friends.clone(),
                    boards: Some(boards.clone()),
                    history: history.cloned(),
                    friends_are_shared: false,
                };
                Gateway::new(config.clone(), deps, |sink| embedded.attach(sink))
            })
            .collect();
        Self { clock, config, friends, boards, gateways, clients: Vec::new() }
    }

    /// Somebody connects to a gateway; answers the number of the connection.
    fn connect(&mut self, user: &str, gateway: usize) -> usize {
        self.clients.push(Client::new(id(user), &self.gateways[gateway], 0));
        self.settle();
        self.clients.len() - 1
    }

    /// The connection is cut, and the same person connects again, perhaps elsewhere.
    fn reconnect(&mut self, number: usize, gateway: usize) {
        let user = self.clients[number].user.clone();
        let seq = self.clients[number].seq;
        self.clients[number] = Client::new(user, &self.gateways[gateway], seq);
        self.settle();
    }

    fn set_friends(&self, a: &str, b: &str, friends: bool) {
        for (user, other) in [(id(a), id(b)), (id(b), id(a))] {
            self.friends.change(&user, |circle| {
                circle.friends.retain(|held| *held != other);
                if friends {
                    circle.friends.push(other);
                }
            });
        }
        self.circle_changed(&[id(a), id(b)]);
    }

    fn set_radius(&self, user: &str, radius_m: f64) {
        self.friends.change(&id(user), |circle| circle.radius = Metres(radius_m));
        self.circle_changed(&[id(user)]);
    }

    fn circle_changed(&self, users: &[UserId]) {
        for gateway in &self.gateways {
            gateway.may_have_changed(users);
        }
    }

    fn set_directory_fails(&self, fails: bool) {
        *self.friends.fails.lock() = fails;
    }

    fn say(&mut self, number: usize, message: &Value) {
        let client = &mut self.clients[number];
        assert!(client.driver.takes_input(), "an answer is owed to {}", client.user);
        client.driver.text(&message.to_string());
        self.settle();
    }

    /// Sends a fix and returns its acknowledgement.
    fn at(&mut self, number: usize, place: (f64, f64)) -> Value {
        self.at_time(number, place, None)
    }

    fn at_time(&mut self, number: usize, place: (f64, f64), time_ms: Option<i64>) -> Value {
        self.clients[number].seq += 1;
        let seq = self.clients[number].seq;
        self.say(
            number,
            &json!({
                "type": "fix", "device": format!("d{number}"), "seq": seq,
                "latitude": place.0, "longitude": place.1, "time_ms": time_ms,
            }),
        );
        let ack = self.clients[number].heard.iter().rfind(|m| m["type"] == "ack");
        ack.expect("acknowledged").clone()
    }

    /// Everybody reads and writes until nobody has anything left to say.
    fn settle(&mut self) {
        for _ in 0..ROUNDS_MAX {
            let mut progress = false;
            for client in &mut self.clients {
                progress |= client.turn();
            }
            if !progress {
                return;
            }
        }
        panic!("messages never end");
    }

    /// Time passes: first in ticks, then in leaps that leave room for pings to be answered.
    fn pass_ms(&mut self, ms: u64) {
        let tick_ms = self.config.tick_ms;
        let mut left_ms = ms;
        for n in 0.. {
            let step_ms = left_ms.min(if n < 10 { tick_ms } else { LEAP_MS });
            if step_ms == 0 {
                return;
            }
            self.step(step_ms);
            left_ms -= step_ms;
        }
    }

    fn step(&mut self, ms: u64) {
        self.clock.advance_ms(ms);
        for gateway in &self.gateways {
            gateway.turn();
        }
        self.settle();
    }

    fn two_ticks(&mut self) {
        self.pass_ms(2 * self.config.tick_ms);
    }

    fn now_ms(&self) -> i64 {
        self.clock.now().wall.0
    }

    fn sees(&self, number: usize, friend: &str) -> bool {
        self.clients[number].friends.contains_key(friend)
    }

    /// The types of what a client has heard since the last time it was asked.
    fn heard(&mut self, number: usize) -> Vec<String> {
        let heard = std::mem::take(&mut self.clients[number].heard);
        heard.iter().filter_map(|m| m["type"].as_str()).map(str::to_owned).collect()
    }
}
