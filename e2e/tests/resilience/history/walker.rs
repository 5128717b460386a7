use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use model::{Clock, SystemClock};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::sleep;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::resilience::durability::choice::Choice;
use crate::resilience::durability::line::Line;

/// The most fixes of one message.
const BATCH_MAX: u64 = 10;
/// The longest pause between two messages, milliseconds.
const PAUSE_MS_MAX: u64 = 16;
/// How far back those begin who send what they couldn't send before, milliseconds: nobody is shown it.
const LATE_MS: i64 = 6 * 24 * 3_600_000;
/// The most points of a page.
const PAGE: usize = 10_000;

/// What is known of a point that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It was acknowledged as being on a disk, or was found after a crash.
    Kept,
    /// No answer came to it, or to what was to erase it.
    Unsure,
    /// It was erased, or wasn't there after a crash.
    Gone,
}

/// What is to be seen in a track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// All that was acknowledged, from the only process, after it crashed: nothing is unsure any more. What is there now stays, and
    /// what isn't doesn't come.
    Settled,
    /// All that was acknowledged.
    Whole,
    /// Perhaps less: something waits in the log of another process.
    Waiting,
}

/// Who moves about, and knows what must be in their track.
pub(super) struct Walker {
    pub(super) user: String,
    /// When the walk began; those who are late count from long before.
    began_ms: i64,
    is_late: bool,
    seq: u64,
    last_ms: i64,
    /// By effective time and number.
    points: BTreeMap<(i64, u64), Fate>,
    /// What was sent last, to be sent again.
    last: Vec<(i64, u64)>,
    choice: Choice,
    pub(super) acknowledged: u64,
    pub(super) erased: u64,
    /// From when on the track isn't what it was when it was looked at last.
    changed_from_ms: i64,
}

impl Walker {
    /// Every second one sends what is days old, in messages of many fixes; the others what is new.
    pub(super) fn new(number: u64, seed: u64) -> Self {
        Self {
            user: format!("walker-{number}"),
            began_ms: now_ms(),
            is_late: number % 2 == 1,
            seq: 0,
            last_ms: 0,
            points: BTreeMap::new(),
            last: Vec::new(),
            choice: Choice(seed ^ (number + 1) << 32),
            acknowledged: 0,
            erased: 0,
            changed_from_ms: i64::MIN,
        }
    }

    /// Sends, sends again and erases until the service is gone or `stop` says so.
    pub(super) async fn walk(
        &mut self,
        address: SocketAddr,
        token: String,
        stop: impl Fn() -> bool,
    ) {
        let Some(mut phone) = Phone::connect(address, &token).await else { return };
        let Some(mut line) = Line::open(address, token).await else { return };
        // What wasn't acknowledged is sent again first, or never.
        if self.choice.below(2) == 0 && !self.last.is_empty() {
            let again = self.last.clone();
            if !self.send(&mut phone, again).await {
                return;
            }
        }
        while !stop() {
            let went_on = match self.choice.below(40) {
                0 => self.erase(&mut line).await,
                1..4 if !self.last.is_empty() => {
                    let again = self.last.clone();
                    self.send(&mut phone, again).await
                }
                _ => {
                    let next = self.next();
                    self.send(&mut phone, next).await
                }
            };
            if !went_on {
                return;
            }
            sleep(Duration::from_millis(self.choice.below(PAUSE_MS_MAX))).await;
        }
    }

    fn next(&mut self) -> Vec<(i64, u64)> {
        let count = if self.is_late { 1 + self.choice.below(BATCH_MAX) } else { 1 };
        let next = (0..count).map(|_| {
            self.seq += 1;
            let late = self.began_ms - LATE_MS + self.seq as i64 * 1_000;
            self.last_ms = if self.is_late { late } else { now_ms().max(self.last_ms + 1) };
            (self.last_ms, self.seq)
        });
        next.collect()
    }

    /// Answers whether it was acknowledged.
    async fn send(&mut self, phone: &mut Phone, points: Vec<(i64, u64)>) -> bool {
        self.last.clone_from(&points);
        let fixes: Vec<_> = points.iter().map(|(time_ms, seq)| fix(*time_ms, *seq)).collect();
        let message = json!({ "type": "fixes", "device": "phone", "fixes": fixes });
        let ack = phone.ask(&message, self.seq).await;
        let fate = match ack.as_ref().and_then(|ack| ack["kept"].as_str()) {
            Some("disk") => Fate::Kept,
            // It changes nothing of what became of it.
            Some("none") if ack.as_ref().is_some_and(|ack| ack["reason"] == "repeated") => {
                return true;
            }
            Some(other) => panic!("{} kept as {other}: {ack:?}", self.user),
            None => Fate::Unsure,
        };
        self.changed_from_ms = self.changed_from_ms.min(points[0].0);
        for point in points {
            let known = self.points.entry(point).or_insert(fate);
            // One that is kept, and was sent again, is kept.
            if *known != Fate::Kept {
                *known = fate;
            }
        }
        if fate == Fate::Kept {
            self.acknowledged += 1;
        }
        fate == Fate::Kept
    }

    /// Erases everything, or what is older than the last few points; answers whether there was an answer.
    async fn erase(&mut self, line: &mut Line) -> bool {
        let until = (self.choice.below(2) == 0).then(|| self.last.first().map_or(0, |last| last.0));
        let query = until.map_or_else(String::new, |until| format!("?to={until}"));
        let path = format!("/v1/users/{}/track{query}", self.user);
        let answer = line.ask("DELETE", &path, None).await;
        let is_done = answer.as_ref().is_some_and(|(status, _)| *status == 204);
        self.changed_from_ms = i64::MIN;
        for ((time_ms, _), fate) in &mut self.points {
            if until.is_none_or(|until| *time_ms < until) && *fate != Fate::Gone {
                *fate = if is_done { Fate::Gone } else { Fate::Unsure };
            }
        }
        if is_done {
            self.erased += 1;
            // What is received in the same millisecond would be erased too.
            let erased_ms = now_ms();
            while now_ms() <= erased_ms {
                tokio::task::yield_now().await;
            }
        }
        // One that is away may have heard of it.
        assert!(
            answer.as_ref().is_none_or(|(status, _)| [204, 503].contains(status)),
            "{answer:?}"
        );
        answer.is_some()
    }

    /// Looks at what has changed of the track, or at all of it: nothing is there that was erased, or that was never sent. `None` if
    /// the service is gone.
    pub(super) async fn check(&mut self, line: &mut Line, is_all: bool, look: Look) -> Option<()> {
        let from_ms = if is_all { i64::MIN } else { self.changed_from_ms };
        let found = self.track(line, from_ms).await?;
        for (point, fate) in self.points.range_mut((from_ms, 0)..) {
            let is_there = found.contains_key(point);
            match fate {
                Fate::Kept => {
                    assert!(is_there || look == Look::Waiting, "{} lost {point:?}", self.user);
                }
                Fate::Gone => assert!(!is_there, "{} has {point:?} again", self.user),
                Fate::Unsure if look != Look::Settled => {}
                Fate::Unsure => *fate = if is_there { Fate::Kept } else { Fate::Gone },
            }
        }
        let strange = found.keys().find(|point| !self.points.contains_key(point));
        assert_eq!(strange, None, "{} never sent it", self.user);
        self.changed_from_ms = i64::MAX;
        Some(())
    }

    /// Whether all that was acknowledged is in the track, and all of that is said to be there.
    pub(super) async fn is_complete(&self, line: &mut Line) -> bool {
        let Some(found) = self.track(line, i64::MIN).await else { return false };
        let mut kept = self.points.iter().filter(|(_, fate)| **fate == Fate::Kept);
        kept.all(|(point, _)| found.contains_key(point))
    }

    /// The points from a moment on, each once and in order. `None` if the service is gone.
    async fn track(&self, line: &mut Line, from_ms: i64) -> Option<BTreeMap<(i64, u64), Value>> {
        let (mut found, mut last, mut cursor) = (BTreeMap::new(), None, String::new());
        // Where nothing has changed, the end is looked at.
        let from_ms = from_ms.clamp(0, 4_000_000_000_000);
        loop {
            let path = format!("/v1/users/{}/track?from={from_ms}&limit={PAGE}{cursor}", self.user);
            let (status, page) = line.ask("GET", &path, None).await?;
            assert_eq!(status, 200, "{page}");
            for point in page["points"].as_array()? {
                let place = (point["time_ms"].as_i64()?, point["seq"].as_u64()?);
                assert!(last < Some(place), "{}: {place:?} comes behind {last:?}", self.user);
                let sent = fix(place.0, place.1);
                assert_eq!(point["longitude"].as_f64(), sent["longitude"].as_f64());
                last = Some(place);
                found.insert(place, point.clone());
            }
            let Some(next) = page["next_cursor"].as_str() else { return Some(found) };
            cursor = format!("&cursor={next}");
        }
    }
}

fn fix(time_ms: i64, seq: u64) -> Value {
    let longitude = (seq % 1_000_000) as f64 / 10_000.0;
    json!({ "seq": seq, "time_ms": time_ms, "latitude": 38.5, "longitude": longitude })
}

fn now_ms() -> i64 {
    SystemClock::start().now().wall.0
}

/// A phone whose connection may end at any moment.
struct Phone(WebSocketStream<TcpStream>);

impl Phone {
    async fn connect(address: SocketAddr, token: &str) -> Option<Self> {
        let stream = TcpStream::connect(address).await.ok()?;
        let request = format!("ws://{address}/v1/ws").into_client_request();
        let mut request = request.expect("a valid request");
        let bearer = format!("Bearer {token}").parse().expect("a header value");
        request.headers_mut().insert("authorization", bearer);
        let (socket, _) = client_async(request, stream).await.ok()?;
        Some(Self(socket))
    }

    /// The acknowledgement of a message whose last fix has this number.
    async fn ask(&mut self, message: &Value, seq: u64) -> Option<Value> {
        self.0.send(Message::text(message.to_string())).await.ok()?;
        loop {
            let Message::Text(text) = self.0.next().await?.ok()? else { continue };
            let message: Value = serde_json::from_str(&text).expect("JSON");
            match message["type"].as_str() {
                Some("ack") if message["seq"] == seq => return Some(message),
                Some("error") => panic!("refused: {message}"),
                _ => {}
            }
        }
    }
}
