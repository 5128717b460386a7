use std::collections::{BTreeMap, BTreeSet};

use geographiclib_rs::{Geodesic, InverseGeodesic};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;
use tokio_tungstenite::tungstenite::Message;

use super::Habit;

/// Who there is, and who sees whom.
pub(super) struct City {
    pub(super) habit: Habit,
    pub(super) radius_m: f64,
    /// Both ways.
    pub(super) friends: Mutex<BTreeSet<(String, String)>>,
    pub(super) people: Mutex<BTreeMap<String, Citizen>>,
}

#[derive(Default)]
pub(super) struct Citizen {
    at: Option<(f64, f64, i64)>,
    pub(super) session: Option<UnboundedSender<Message>>,
    /// Whom they were told of, and what was last said.
    told: BTreeMap<String, Value>,
    pub(super) seqs: Vec<u64>,
    pub(super) sessions: usize,
}

impl City {
    pub(super) fn enter(&self, user: &str, session: UnboundedSender<Message>) {
        let mut people = self.people.lock();
        let citizen = people.entry(user.to_owned()).or_default();
        citizen.session = Some(session);
        citizen.sessions += 1;
        citizen.say(&json!({
            "type": "welcome", "user": user, "session": "s", "epoch": "e", "time_ms": 0,
            "ttl_ms": 600_000, "radius_m": self.radius_m, "tick_ms": 5, "ping_interval_ms": 20_000,
            "token_expires_ms": null, "limits": { "fixes_per_s": 50 }, "hint": {},
        }));
        citizen.told.clear();
        let friends = self.visible(&people, user);
        let list: Vec<_> = friends.values().cloned().collect();
        let citizen = people.entry(user.to_owned()).or_default();
        citizen.told = friends;
        let located = citizen.at.is_some();
        citizen.say(&json!({
            "type": "snapshot", "epoch": "e", "time_ms": 0, "located": located,
            "friends": list, "more": false,
        }));
    }

    pub(super) fn hear(&self, user: &str, text: &str) {
        let message: Value = serde_json::from_str(text).expect("clients send JSON");
        match message["type"].as_str() {
            Some("fix") => self.fix(user, &message),
            Some("ping") if self.habit != Habit::Absent => {
                let pong = json!({"type": "pong", "id": message["id"], "time_ms": 0});
                self.people.lock().entry(user.to_owned()).or_default().say(&pong);
            }
            _ => {}
        }
    }

    fn fix(&self, user: &str, fix: &Value) {
        let number = |name: &str| fix[name].as_f64().expect("a number");
        let seq = fix["seq"].as_u64().expect("a number");
        let time_ms = fix["time_ms"].as_i64().expect("a time");
        {
            let mut people = self.people.lock();
            let citizen = people.entry(user.to_owned()).or_default();
            let repeated = citizen.seqs.last().is_some_and(|last| seq <= *last);
            citizen.seqs.push(seq);
            let mut ack = json!({"type": "ack", "device": fix["device"], "seq": seq,
                "kept": "memory", "shown": !repeated});
            if repeated {
                ack["reason"] = "repeated".into();
            }
            if self.habit != Habit::Silent {
                citizen.say(&ack);
            }
        }
        self.moved(user, (number("latitude"), number("longitude"), time_ms));
    }

    pub(super) fn moved(&self, user: &str, at: (f64, f64, i64)) {
        let mut people = self.people.lock();
        people.entry(user.to_owned()).or_default().at = Some(at);
        self.tell_all(&mut people);
    }

    /// A request over REST; the status of the answer.
    pub(super) fn change(&self, caller: &str, method: &str, path: &str) -> u16 {
        let words: Vec<_> = path.split('/').skip(2).collect();
        let (a, b, befriends) = match (method, &words[..]) {
            ("PUT", ["users", a, "friends", b]) => (*a, *b, true),
            ("DELETE", ["users", a, "friends", b]) => (*a, *b, false),
            ("PUT", ["users", "me", "blocks", b]) => (caller, *b, false),
            ("DELETE", ["users", "me", "blocks", _]) => return 204,
            _ => return 404,
        };
        let pairs = [(a.to_owned(), b.to_owned()), (b.to_owned(), a.to_owned())];
        if befriends {
            self.friends.lock().extend(pairs);
        } else if self.habit != Habit::Stubborn {
            self.friends.lock().retain(|pair| !pairs.contains(pair));
        }
        self.tell_all(&mut self.people.lock());
        if self.habit == Habit::Unsure { 503 } else { 204 }
    }

    fn tell_all(&self, people: &mut BTreeMap<String, Citizen>) {
        let watchers: Vec<String> = people.keys().cloned().collect();
        for watcher in watchers {
            let now = self.visible(people, &watcher);
            let citizen = people.entry(watcher).or_default();
            let (mut came, mut moved, mut left) = (Vec::new(), Vec::new(), Vec::new());
            for (id, friend) in &now {
                match citizen.told.get(id) {
                    None => came.push(friend.clone()),
                    Some(before) if before != friend => moved.push(friend.clone()),
                    Some(_) => {}
                }
            }
            left.extend(citizen.told.keys().filter(|id| !now.contains_key(*id)));
            let left: Vec<_> = left.iter().map(|id| json!({"id": id, "reason": "far"})).collect();
            if self.habit == Habit::Lazy {
                moved.clear();
            }
            if !(came.is_empty() && moved.is_empty() && left.is_empty()) {
                citizen.say(&json!({"type": "push", "time_ms": 0, "came": came, "moved": moved,
                    "left": left}));
            }
            citizen.told = now;
        }
    }

    /// Whom `watcher` may see now.
    fn visible(
        &self,
        people: &BTreeMap<String, Citizen>,
        watcher: &str,
    ) -> BTreeMap<String, Value> {
        let me = &people[watcher];
        let (Some(here), false) = (me.at, self.habit == Habit::Secretive) else {
            return BTreeMap::new();
        };
        let mut seen = BTreeMap::new();
        for (id, other) in people.iter().filter(|(id, _)| *id != watcher) {
            let pair = (watcher.to_owned(), id.clone());
            let (Some(there), true) =
                (other.at, self.friends.lock().contains(&pair) || self.habit == Habit::Indiscreet)
            else {
                continue;
            };
            let mut metres: f64 = Geodesic::wgs84().inverse(here.0, here.1, there.0, there.1);
            let exit = if me.told.contains_key(id) { (self.radius_m * 0.1).max(20.0) } else { 0.0 };
            if metres > self.radius_m + exit {
                continue;
            }
            if self.habit == Habit::Inexact {
                metres += 0.5;
            }
            let friend = json!({"id": id, "class": "precise", "latitude": there.0,
                "longitude": there.1, "distance_m": (metres * 10.0).round() / 10.0,
                "time_ms": there.2, "age_ms": 0, "version": there.2.to_string()});
            seen.insert(id.clone(), friend);
        }
        seen
    }
}

impl Citizen {
    fn say(&self, message: &Value) {
        // A connection that is gone hears nothing.
        let _ =
            self.session.as_ref().map(|session| session.send(Message::text(message.to_string())));
    }
}
