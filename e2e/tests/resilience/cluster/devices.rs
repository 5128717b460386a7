//! One user on several gateways, whose clocks disagree and whose messages are late: nobody is ever moved backwards.

use std::collections::BTreeMap;
use std::time::Duration;

use e2e::{LISBON, Person};
use model::{Clock, Random, SeededRandom, SystemClock};
use serde_json::{Value, json};

use super::world::{Small, metres_north};

/// Fixes of each device, each sent over one gateway or over both.
const FIXES: u64 = 250;
const SEED: u64 = 11;

/// How long a message may be under way.
const DELAY_MS_MAX: u64 = 8;

/// What a device's clock may say, relative to ours: all that counts as a present position, but for what may be too old,
/// or too far ahead, by the time it arrives.
const OLDEST_MS: i64 = -590_000;
const NEWEST_MS: i64 = 4_900;

const SETTINGS: &str =
    "[gateway]\nfixes_burst = 5000\nmessages_burst = 5000\nbytes_burst = 10000000\n";

#[derive(Clone)]
struct Sent {
    device: &'static str,
    seq: u64,
    time_ms: i64,
    delay: Duration,
}

impl Sent {
    fn message(&self) -> Value {
        // The place tells the fix.
        let (latitude, longitude) = metres_north(self.seq as f64);
        json!({
            "type": "fix", "device": self.device, "seq": self.seq, "time_ms": self.time_ms,
            "latitude": latitude, "longitude": longitude,
        })
    }

    /// The order of a user's fixes.
    fn version(&self) -> (i64, &'static str, u64) {
        (self.time_ms, self.device, self.seq)
    }
}

/// What each of two connections sends, of both devices: mixed, and some of it over both.
fn letters(random: &SeededRandom, now_ms: i64) -> [Vec<Sent>; 2] {
    let below = |end: u64| random.next_u64() % end;
    let mut letters = [Vec::new(), Vec::new()];
    for seq in 1..=FIXES {
        for device in ["phone", "tablet"] {
            let skew_ms = OLDEST_MS + below((NEWEST_MS - OLDEST_MS) as u64) as i64;
            let which = below(3);
            for (number, letters) in (0..).zip(&mut letters) {
                if which == number || which == 2 {
                    let delay = Duration::from_millis(below(DELAY_MS_MAX));
                    letters.push(Sent { device, seq, time_ms: now_ms + skew_ms, delay });
                }
            }
        }
    }
    letters
}

/// Sends all of it, and answers what was taken as a position.
async fn send(mut person: Person, letters: Vec<Sent>) -> (Person, Vec<Sent>) {
    for letter in &letters {
        tokio::time::sleep(letter.delay).await;
        person.send(&letter.message()).await;
    }
    let (mut taken, mut acks) = (Vec::new(), 0);
    while acks < letters.len() {
        let ack = person.hear(|m| m["type"] == "ack").await;
        let letter = &letters[acks];
        assert_eq!((&ack["device"], &ack["seq"]), (&json!(letter.device), &json!(letter.seq)));
        assert!(ack["shown"] == true || ack["reason"] == "older", "{ack}");
        taken.push(letter.clone());
        acks += 1;
    }
    (person, taken)
}

/// The times of all positions of bob that somebody was told, in order; bob's own is told apart.
fn times(person: &Person) -> Vec<i64> {
    let bobs = |message: &Value| {
        let lists = ["friends", "came", "moved"].map(|name| message[name].as_array().cloned());
        let own = (message["type"] == "position").then(|| message.clone());
        let all = lists.into_iter().flatten().flatten().chain(own);
        all.filter(|friend| friend["id"] == "bob").collect::<Vec<_>>()
    };
    let told = person.heard.iter().flat_map(bobs);
    told.map(|bob| bob["time_ms"].as_i64().expect("a time")).collect()
}

#[tokio::test]
async fn whatever_the_clocks_say_nobody_is_moved_backwards_and_the_newest_wins_everywhere() {
    let cluster = Small::start_with(3, 2, SETTINGS).await;
    let watchers = ["alice", "carol", "dave"];
    for watcher in watchers {
        cluster.befriend("bob", watcher).await;
    }
    let mut watching = Vec::new();
    for (gateway, watcher) in [2, 0, 1].into_iter().zip(watchers) {
        let mut person = cluster.connect(gateway, watcher).await;
        person.at(LISBON).await;
        watching.push(person);
    }
    let random = SeededRandom::new(SEED);
    let [over_first, over_second] = letters(&random, SystemClock::start().now().wall.0);
    let bobs = (cluster.connect(0, "bob").await, cluster.connect(1, "bob").await);
    let (first, second) = tokio::join!(send(bobs.0, over_first), send(bobs.1, over_second));
    let taken = first.1.iter().chain(&second.1);
    let newest = taken.max_by_key(|sent| sent.version()).expect("some were taken");
    let is_newest = |bob: &Value| {
        bob["time_ms"] == newest.time_ms && bob["latitude"] == newest.message()["latitude"]
    };
    for bob in [&first.0, &second.0] {
        assert!(times(bob).is_sorted(), "bob was moved backwards for bob: {:?}", times(bob));
    }
    for person in &mut watching {
        let shown = |friends: &BTreeMap<String, Value>| friends.get("bob").is_some_and(is_newest);
        person.expect(shown).await;
        let times = times(person);
        assert!(times.is_sorted(), "moved backwards: {times:?}");
        assert!(times.len() > 3, "only {} positions were told", times.len());
    }
    for gateway in 0..3 {
        let late = cluster.connect(gateway, "alice").await;
        assert!(late.friends.get("bob").is_some_and(is_newest), "at gateway {gateway}");
        let nearby = cluster.as_user(gateway, "alice", "GET", "/v1/friends/nearby", None).await;
        assert!(is_newest(&nearby.json["friends"][0]), "at gateway {gateway}: {nearby:?}");
    }
}
