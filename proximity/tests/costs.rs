//! What searches cost is charged to who asks, and one that costs too much ends.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use api::{
    Context, Limits, RateLimit, Signer, Verifier, VerifyingKey, WorkLimits, with_middleware,
};
use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt;
use model::{
    Clock, ManualClock, Moment, Monotonic, Position, Role, SeededRandom, Timestamp, UserId,
};
use proximity::embedded::EmbeddedStore;
use proximity::{Draft, Interval, OpeningHours, Proximity, Source, SourceName};
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt;

const SECRET: &[u8] = b"a secret of more than 32 bytes for the tests";
const NOW: Timestamp = Timestamp(1_700_000_000_000);
/// Places within some kilometres, none of which is open for more than a minute a week.
const PLACES: u64 = 6_000;
/// All of them, and a few.
const MUCH: &str = "radius=20000&open_at=1700000000000";
const LITTLE: &str = "radius=20000";

/// A clock on which each reading takes as long.
struct SlowClock {
    still: ManualClock,
    reading_ms: u64,
    readings: AtomicU64,
}

impl Clock for SlowClock {
    fn now(&self) -> Moment {
        let readings = self.readings.fetch_add(1, Ordering::SeqCst);
        Moment { monotonic: Monotonic(readings * self.reading_ms), ..self.still.now() }
    }
}

struct World {
    router: Router,
    signer: Signer,
    _data: TempDir,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

impl World {
    async fn start(work: WorkLimits, reading_ms: u64) -> Self {
        let data = TempDir::new().expect("a temporary folder");
        let store = EmbeddedStore::open(data.path()).await.expect("opens");
        let readings = AtomicU64::new(0);
        let clock = Arc::new(SlowClock { still: ManualClock::at(NOW), reading_ms, readings });
        let random = Arc::new(SeededRandom::new(1));
        let proximity = Proximity::start(
            Arc::new(store),
            clock.clone(),
            random.clone(),
            proximity::Limits::default(),
        );
        proximity.import((0..PLACES).map(place).collect()).await.expect("imports");
        let key = VerifyingKey::hs256("k", SECRET).expect("long enough");
        let verifier = Arc::new(Verifier::new(vec![key], "us", "them", 0).expect("one key"));
        let context = Context::new(verifier, clock, random, Limits { work, ..Limits::default() });
        let routes = proximity::http::router(proximity, context.clone());
        let signer = Signer::hs256("k", SECRET, "us", "them").expect("a signer");
        Self { router: with_middleware(routes.into(), &context), signer, _data: data }
    }

    async fn search(&self, user: &str, how: &str) -> Answer {
        let user = UserId::parse(user).expect("an id");
        let token = self.signer.sign(&user, Role::User, NOW, 60);
        let uri = format!("/v1/search/nearby?latitude=36.1&longitude=-115.2&{how}");
        let request = Request::get(uri).header(header::AUTHORIZATION, format!("Bearer {token}"));
        let request = request.body(Body::empty()).expect("a request");
        let answer = self.router.clone().oneshot(request).await.expect("infallible");
        let (parts, body) = answer.into_parts();
        let bytes = body.collect().await.expect("in memory").to_bytes();
        let body = serde_json::from_slice(&bytes).expect("JSON");
        Answer { status: parts.status, headers: parts.headers, body }
    }
}

fn place(number: u64) -> (Source, proximity::Details) {
    let off = |step: u64| (number * step % 1_000) as f64 / 10_000.0;
    // Two hundred different hours.
    let (hour, minute) = (number % 10, number % 20);
    let (opens, closes) =
        (format!("{hour:02}:{minute:02}"), format!("{hour:02}:{:02}", minute + 1));
    let interval = Interval::parse(7, &opens, &closes).expect("a minute");
    let draft = Draft {
        name: format!("place {number}"),
        categories: vec!["Food / Bakery".to_owned()],
        address: None,
        position: Position::new(36.05 + off(7), -115.25 + off(11)).expect("on Earth"),
        hours: OpeningHours::new("America/Los_Angeles", vec![interval]).ok(),
        phone: None,
        site: None,
        attributes: BTreeMap::new(),
    };
    let line = |text: &str| SourceName::parse(text).expect("a source");
    let source = Source { name: line("costs"), id: line(&number.to_string()) };
    (source, draft.check().expect("good"))
}

/// A budget that one search of much overdraws.
fn limits() -> WorkLimits {
    let user = RateLimit { per_second: 1_000, burst: 10_000 };
    WorkLimits { user, ..WorkLimits::default() }
}

#[tokio::test]
async fn who_looks_at_much_pays_for_it_and_nobody_else() {
    let world = World::start(limits(), 0).await;
    let much = world.search("alice", MUCH).await;
    assert_eq!(much.status, StatusCode::OK, "{}", much.body);
    assert_eq!(much.body["businesses"].as_array().map(Vec::len), Some(0), "{}", much.body);
    let refused = world.search("alice", LITTLE).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "{}", refused.body);
    assert_eq!(refused.body["code"], "rate_limited");
    assert!(refused.headers.contains_key(header::RETRY_AFTER));
    // Twenty of the nearest cost so little that many searches are as one of much.
    for _ in 0..20 {
        let little = world.search("bob", LITTLE).await;
        assert_eq!(little.status, StatusCode::OK, "{}", little.body);
        assert_eq!(little.body["businesses"].as_array().map(Vec::len), Some(20));
    }
}

#[tokio::test]
async fn a_search_that_takes_too_long_ends_and_says_what_would_do() {
    let world = World::start(WorkLimits { deadline_ms: 100, ..WorkLimits::default() }, 10).await;
    let refused = world.search("alice", MUCH).await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE, "{}", refused.body);
    assert_eq!(refused.body["code"], "too_expensive");
    let detail = refused.body["detail"].as_str().expect("a detail");
    assert!(detail.contains("100 ms") && detail.contains("smaller radius"), "{detail}");
    assert!(!refused.headers.contains_key(header::RETRY_AFTER), "the same again would fail again");
    assert_eq!(world.search("alice", LITTLE).await.status, StatusCode::OK);
}
