//! A tiny service that speaks PROTOCOL.md as far as the tests need, honestly or not: no ticks, no expiry, no limits.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use geographiclib_rs::{Geodesic, InverseGeodesic};
use http::HeaderValue;
use http::header::{AUTHORIZATION, SEC_WEBSOCKET_PROTOCOL};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_tungstenite::accept_hdr_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::frame::CloseFrame;

use model::UserId;

use crate::person::lock;
use crate::plan::Tokens;

/// How long anything may take that a test waits for.
const DEADLINE: Duration = Duration::from_secs(10);

/// Tokens that begin as told; the service takes those that begin with [`TOKEN`].
pub(crate) struct GivenTokens(pub(crate) &'static str);

impl Tokens for GivenTokens {
    fn user(&self, user: &UserId) -> String {
        format!("{}{user}", self.0)
    }

    fn service(&self) -> String {
        "service".into()
    }
}

/// Waits until it is so, and not for ever.
pub(crate) async fn until(what: &str, is_so: impl Fn() -> bool) {
    let wait = async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    };
    let met = tokio::time::timeout(DEADLINE, wait).await;
    assert!(met.is_ok(), "never: {what}");
}

/// What the service does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Habit {
    Honest,
    /// Tells nobody of anybody.
    Secretive,
    /// Shows strangers.
    Indiscreet,
    /// Tells distances that are half a metre too long.
    Inexact,
    /// Tells of friends once, and not of their movements.
    Lazy,
    /// Acknowledges no fix.
    Silent,
    /// Answers no ping.
    Absent,
}

pub(crate) struct Fake {
    pub(crate) address: String,
    city: Arc<City>,
}

struct City {
    habit: Habit,
    radius_m: f64,
    friends: BTreeSet<(String, String)>,
    people: Mutex<BTreeMap<String, Citizen>>,
}

#[derive(Default)]
struct Citizen {
    at: Option<(f64, f64, i64)>,
    session: Option<UnboundedSender<Message>>,
    /// Whom they were told of, and what was last said.
    told: BTreeMap<String, Value>,
    seqs: Vec<u64>,
    sessions: usize,
}

/// A token is `token-of-` and the user.
pub(crate) const TOKEN: &str = "token-of-";

impl Fake {
    pub(crate) async fn start(habit: Habit, radius_m: f64, friends: &[(&str, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("bound"));
        let both = friends.iter().flat_map(|(a, b)| [(*a, *b), (*b, *a)]);
        let friends = both.map(|(a, b)| (a.to_owned(), b.to_owned())).collect();
        let city = Arc::new(City { habit, radius_m, friends, people: Mutex::default() });
        let doors = Arc::clone(&city);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).expect("a fresh connection has the option");
                tokio::spawn(attend(Arc::clone(&doors), stream));
            }
        });
        Self { address, city }
    }

    /// Closes somebody's connection with `code`.
    pub(crate) fn close(&self, user: &str, code: u16) {
        let frame = CloseFrame { code: code.into(), reason: "".into() };
        self.say(user, Message::Close(Some(frame)));
    }

    pub(crate) fn say(&self, user: &str, message: Message) {
        let people = lock(&self.city.people);
        let session = people.get(user).and_then(|citizen| citizen.session.as_ref());
        // Nobody there, nobody to hear it.
        let _ = session.map(|session| session.send(message));
    }

    /// Somebody's other device says where they are.
    pub(crate) fn drag(&self, user: &str, latitude: f64, longitude: f64, time_ms: i64) {
        self.city.moved(user, (latitude, longitude, time_ms));
    }

    /// The `seq` of all fixes of somebody.
    pub(crate) fn seqs(&self, user: &str) -> Vec<u64> {
        lock(&self.city.people).get(user).map(|c| c.seqs.clone()).unwrap_or_default()
    }

    /// How often somebody was connected.
    pub(crate) fn sessions(&self, user: &str) -> usize {
        lock(&self.city.people).get(user).map_or(0, |c| c.sessions)
    }
}

#[expect(clippy::result_large_err, reason = "the callback's type is the library's")]
async fn attend(city: Arc<City>, stream: TcpStream) {
    let mut user = String::new();
    let callback = |request: &Request, mut response: Response| -> Result<Response, ErrorResponse> {
        let bearer = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = bearer.and_then(|bearer| bearer.strip_prefix("Bearer "));
        let Some(known) = token.and_then(|token| token.strip_prefix(TOKEN)) else {
            let mut refusal = ErrorResponse::new(None);
            *refusal.status_mut() = http::StatusCode::UNAUTHORIZED;
            return Err(refusal);
        };
        known.clone_into(&mut user);
        let protocol = HeaderValue::from_static("whereabouts.v1.json");
        response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, protocol);
        Ok(response)
    };
    let Ok(mut socket) = accept_hdr_async(stream, callback).await else { return };
    let (session, mut outbox) = unbounded_channel();
    city.enter(&user, session);
    loop {
        tokio::select! {
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => city.hear(&user, &text),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return,
            },
            Some(message) = outbox.recv() => {
                if socket.send(message).await.is_err() {
                    return;
                }
            }
        }
    }
}

impl City {
    fn enter(&self, user: &str, session: UnboundedSender<Message>) {
        let mut people = lock(&self.people);
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

    fn hear(&self, user: &str, text: &str) {
        let message: Value = serde_json::from_str(text).expect("clients send JSON");
        match message["type"].as_str() {
            Some("fix") => self.fix(user, &message),
            Some("ping") if self.habit != Habit::Absent => {
                let pong = json!({"type": "pong", "id": message["id"], "time_ms": 0});
                lock(&self.people).entry(user.to_owned()).or_default().say(&pong);
            }
            _ => {}
        }
    }

    fn fix(&self, user: &str, fix: &Value) {
        let number = |name: &str| fix[name].as_f64().expect("a number");
        let seq = fix["seq"].as_u64().expect("a number");
        let time_ms = fix["time_ms"].as_i64().expect("a time");
        {
            let mut people = lock(&self.people);
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

    fn moved(&self, user: &str, at: (f64, f64, i64)) {
        let mut people = lock(&self.people);
        people.entry(user.to_owned()).or_default().at = Some(at);
        let watchers: Vec<String> = people.keys().cloned().collect();
        for watcher in watchers {
            let now = self.visible(&people, &watcher);
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
                (other.at, self.friends.contains(&pair) || self.habit == Habit::Indiscreet)
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
