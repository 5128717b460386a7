//! What the door logs. A program of its own: a subscriber that comes while other tests log may miss lines.

use std::io::{self, Write};
use std::sync::Arc;

use api::{Context, RateLimit, Signer, Verifier, VerifyingKey, door};
use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{Request, header};
use model::{ManualClock, Role, SeededRandom, Timestamp, UserId};
use parking_lot::Mutex;
use serde_json::Value;
use tower::ServiceExt;

/// Collects what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn pies() -> Router {
    let key = VerifyingKey::hs256("k", &[7; 32]).expect("key");
    let verifier = Arc::new(Verifier::new(vec![key], "us", "them", 0).expect("verifier"));
    let clock = Arc::new(ManualClock::at(Timestamp(0)));
    let random = Arc::new(SeededRandom::new(1));
    let context = Context::new(verifier, clock, random, RateLimit::default());
    door(Router::new().route("/pies/{pie}", get(async || "a pie")), &context)
}

#[tokio::test]
async fn a_request_is_one_line_in_the_log_without_secrets() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::DEBUG)
        .with_writer(move || writer.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let signer = Signer::hs256("k", &[7; 32], "us", "them").expect("signer");
    let alice = UserId::parse("alice").expect("id");
    let token = signer.sign(&alice, Role::User, Timestamp(0), 60);
    for uri in ["/pies/apple?where=here", "/nowhere/36.12"] {
        let request = Request::get(uri)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header("x-request-id", "r1")
            .body(Body::empty());
        pies().oneshot(request.expect("a request")).await.expect("infallible");
    }
    drop(guard);

    let text = String::from_utf8(log.0.lock().clone()).expect("text");
    let lines: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert_eq!((&lines[0]["level"], &lines[1]["level"]), (&"DEBUG".into(), &"INFO".into()));
    let fields = &lines[0]["fields"];
    assert_eq!((&fields["method"], &fields["route"]), (&"GET".into(), &"/pies/{pie}".into()));
    assert_eq!((&fields["status"], &fields["request_id"]), (&200.into(), &"r1".into()));
    assert!(fields["duration_ms"].is_number());
    assert_eq!(lines[1]["fields"]["route"], "unmatched");
    assert_eq!(lines[1]["fields"]["code"], "no_such_path");
    for secret in ["apple", "here", "36.12", "Bearer", token.as_str()] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}
