//! What is logged of requests. A program of its own: a subscriber that comes while other tests log may miss lines.

use std::io::{self, Write};
use std::sync::Arc;

use api::{Context, Problem, RateLimit, Signer, Verifier, VerifyingKey, with_middleware};
use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{Request, header};
use http_body_util::BodyExt;
use model::{ErrorKind, ManualClock, Role, SeededRandom, Timestamp, UserId};
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

#[derive(Debug, thiserror::Error)]
#[error("the oven is cold")]
struct Cold(#[source] io::Error);

async fn bake() -> Problem {
    tracing::info!("baking");
    let cold = Cold(io::Error::other("no gas"));
    Problem::new(ErrorKind::Unavailable, "no_oven", "try again").caused_by(cold)
}

async fn burn() {
    panic!("it burns")
}

fn pies() -> Router {
    let key = VerifyingKey::hs256("k", &[7; 32]).expect("key");
    let verifier = Arc::new(Verifier::new(vec![key], "us", "them", 0).expect("verifier"));
    let clock = Arc::new(ManualClock::at(Timestamp(0)));
    let random = Arc::new(SeededRandom::new(1));
    let context = Context::new(verifier, clock, random, RateLimit::default());
    let pies = Router::new().route("/pies/{pie}", get(async || "a pie").post(bake).put(burn));
    with_middleware(pies, &context)
}

/// Sends the requests, one after the other; answers their bodies and the lines that were logged meanwhile.
async fn logged(requests: Vec<Request<Body>>) -> (String, String, Vec<Value>) {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::DEBUG)
        .with_writer(move || writer.clone())
        .finish();
    let logging = tracing::subscriber::set_default(subscriber);
    let mut answers = String::new();
    for request in requests {
        let answer = pies().oneshot(request).await.expect("infallible");
        let body = answer.into_body().collect().await.expect("in memory");
        answers += str::from_utf8(&body.to_bytes()).expect("text");
    }
    drop(logging);
    let text = String::from_utf8(log.0.lock().clone()).expect("text");
    let lines = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    (answers, text, lines)
}

fn request(method: &str, uri: &str) -> http::request::Builder {
    Request::builder().method(method).uri(uri).header("x-request-id", "r1")
}

#[tokio::test]
async fn a_request_is_one_line_in_the_log_without_secrets() {
    let signer = Signer::hs256("k", &[7; 32], "us", "them").expect("signer");
    let alice = UserId::parse("alice").expect("id");
    let token = signer.sign(&alice, Role::User, Timestamp(0), 60);
    let get = |uri| {
        let request = request("GET", uri).header(header::AUTHORIZATION, format!("Bearer {token}"));
        request.body(Body::empty()).expect("a request")
    };
    let (_, text, lines) = logged(vec![get("/pies/apple?where=here"), get("/nowhere/36.12")]).await;
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

#[tokio::test]
async fn a_failure_is_one_line_with_its_causes_which_the_client_is_not_told() {
    let send = |method| request(method, "/pies/apple").body(Body::empty()).expect("a request");
    let (answers, text, lines) = logged(vec![send("POST"), send("PUT")]).await;
    let [said, failed, panicked] = &lines[..] else { panic!("{text}") };
    assert_eq!(said["span"]["request_id"], "r1");
    assert_eq!((&failed["level"], &failed["fields"]["request_id"]), (&"WARN".into(), &"r1".into()));
    assert_eq!(failed["fields"]["cause"], "the oven is cold: no gas");
    assert_eq!((&panicked["level"], &panicked["fields"]["status"]), (&"ERROR".into(), &500.into()));
    assert_eq!(panicked["fields"]["cause"], "a handler panicked: it burns");
    for cause in ["cold", "gas", "burns"] {
        assert!(!answers.contains(cause), "{cause} in {answers}");
    }
    assert!(answers.contains("no_oven") && answers.contains("internal_error"), "{answers}");
}
