//! Movement history behind the middleware, and short words to speak to it.

use std::sync::Arc;

use api::{Context, Limits, Signer, Verifier, VerifyingKey, WorkLimits, with_middleware};
use axum::Router;
use axum::body::Body;
use axum::response::Response;
use history_writer::embedded::{Config, EmbeddedLog};
use history_writer::{
    ChunkingLimits, DeploymentKey, DeploymentKeys, Deps, EmbeddedRegister, EmbeddedStore, History,
    Kept, LogId, OwnedLogs, Point,
};
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use model::{
    Clock, DeviceId, Fix, ManualClock, Position, Role, SeededRandom, Timestamp, UserId, Version,
};
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt;

use super::streaming::CountingStore;

const SECRET: &[u8] = b"a secret of more than 32 bytes for the tests";
pub(crate) const NOW: i64 = 1_700_000_000_000;

pub(crate) struct Sandbox {
    pub(crate) history: History,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) store: Arc<CountingStore>,
    context: Context,
    router: Router,
    signer: Signer,
    data: TempDir,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Sandbox {
    pub(crate) async fn new() -> Self {
        let data = TempDir::new().expect("a temporary directory");
        Self::open(data, Arc::new(ManualClock::at(Timestamp(NOW)))).await
    }

    async fn open(data: TempDir, clock: Arc<ManualClock>) -> Self {
        let path = data.path();
        let log = EmbeddedLog::open(path, Config::default(), clock.clone()).await;
        let log = Arc::new(log.expect("a log"));
        let store = EmbeddedStore::open(path).await.expect("a store");
        let store = Arc::new(CountingStore::new(store));
        let register = EmbeddedRegister::open(path).await.expect("a register");
        let history = History::start(Deps {
            log: log.clone(),
            owned: OwnedLogs::only(LogId(1), log),
            store: store.clone(),
            register: Arc::new(register),
            keys: DeploymentKeys::new(DeploymentKey::new(&[7; 32]), Vec::new()),
            chunking: ChunkingLimits::default(),
            retention_days: 0,
            clock: clock.clone(),
            random: Arc::new(SeededRandom::new(1)),
            shared_logs: None,
        })
        .await
        .expect("starts");
        let key = VerifyingKey::hs256("k", SECRET).expect("key");
        let verifier = Verifier::new(vec![key], "us", "them", 0).expect("verifier");
        // Nobody waits for a clock that stands still.
        let limits = Limits { work: plenty(), ..Limits::default() };
        let random = Arc::new(SeededRandom::new(1));
        let context = Context::new(Arc::new(verifier), clock.clone(), random, limits);
        let parts = history_writer::http::router(history.clone(), context.clone());
        let router = with_middleware(parts.into(), &context);
        let signer = Signer::hs256("k", SECRET, "us", "them").expect("signer");
        Self { history, clock, store, context, router, signer, data }
    }

    /// The endpoints as they are described.
    pub(crate) fn description(&self) -> utoipa::openapi::OpenApi {
        let mut description = api::openapi();
        let router = history_writer::http::router(self.history.clone(), self.context.clone());
        description.merge(router.into_openapi());
        description
    }

    /// The same folder after the service ended.
    pub(crate) async fn restarted(self) -> Self {
        let Self { history, clock, store, router, data, .. } = self;
        history.stop().await;
        drop((history, store, router));
        Self::open(data, clock).await
    }

    /// Keeps points of a user at these seconds after the beginning.
    pub(crate) async fn keep(&self, user: &str, seconds: impl IntoIterator<Item = i64>) {
        let points: Vec<_> = seconds.into_iter().map(|second| self.point(second)).collect();
        for points in points.chunks(1_000) {
            assert_eq!(self.history.keep(&id(user), points).await, Kept::Log);
        }
    }

    /// Somebody who goes east, 7.4 m a second; received now.
    pub(crate) fn point(&self, second: i64) -> Point {
        let effective = Timestamp(NOW + second * 1_000);
        let device = DeviceId::parse("phone").expect("a device");
        let version = Version { effective, device, seq: second.unsigned_abs() };
        let fix = Fix::at(
            Position::new(48.1, 11.5 + (second.rem_euclid(100_000)) as f64 * 1e-4)
                .expect("on Earth"),
        );
        Point::new(version, &fix, self.clock.now().wall, None)
    }

    /// Waits until so many chunks were stored.
    pub(crate) async fn stored(&self, chunks: usize) {
        self.store.stored(chunks).await;
    }

    /// Speaks as a user.
    pub(crate) fn user<'a>(&'a self, name: &'a str) -> Client<'a> {
        Client { sandbox: self, name, role: Role::User }
    }

    /// Speaks as a trusted program.
    pub(crate) fn service(&self) -> Client<'_> {
        Client { sandbox: self, name: "backend", role: Role::Service }
    }

    /// Speaks as a person who runs the deployment.
    pub(crate) fn operator(&self) -> Client<'_> {
        Client { sandbox: self, name: "root", role: Role::Operator }
    }
}

fn plenty() -> WorkLimits {
    let limits = WorkLimits::default();
    let mut user = limits.user;
    user.burst = u32::MAX;
    WorkLimits { user, ..limits }
}

pub(crate) fn id(name: &str) -> UserId {
    UserId::parse(name).expect("the test's ids are valid")
}

/// Somebody with a token.
#[derive(Clone, Copy)]
pub(crate) struct Client<'a> {
    sandbox: &'a Sandbox,
    name: &'a str,
    role: Role,
}

impl Client<'_> {
    pub(crate) async fn respond(
        &self,
        method: Method,
        path: &str,
        accept: Option<&str>,
        body: Option<&str>,
    ) -> Response {
        let (sandbox, now) = (self.sandbox, self.sandbox.clock.now().wall);
        let token = sandbox.signer.sign(&id(self.name), self.role, now, 60);
        let mut request = Request::builder().method(method).uri(match path.strip_prefix('/') {
            Some(_) => path.to_owned(),
            None => format!("/v1/users/{path}"),
        });
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        if let Some(accept) = accept {
            request = request.header(header::ACCEPT, accept);
        }
        let body = body.map_or_else(Body::empty, |text| Body::from(text.to_owned()));
        let request = request.body(body).expect("a request");
        sandbox.router.clone().oneshot(request).await.expect("infallible")
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        accept: Option<&str>,
        body: Option<&str>,
    ) -> Answer {
        let (parts, body) = self.respond(method, path, accept, body).await.into_parts();
        let bytes = body.collect().await.expect("whole").to_bytes();
        let text = String::from_utf8(bytes.to_vec()).expect("UTF-8");
        Answer { status: parts.status, headers: parts.headers, text }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None, None).await
    }

    pub(crate) async fn get_as(&self, accept: &str, path: &str) -> Answer {
        self.send(Method::GET, path, Some(accept), None).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> Answer {
        self.send(Method::POST, path, None, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &str) -> Answer {
        self.send(Method::PUT, path, None, Some(body)).await
    }
}

impl Answer {
    /// The body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("JSON")
    }

    /// A success with this status, and its body.
    #[track_caller]
    pub(crate) fn ok(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        if self.text.is_empty() { Value::Null } else { self.json() }
    }

    /// The seconds of the points on a page.
    #[track_caller]
    pub(crate) fn seconds(&self) -> Vec<i64> {
        seconds(self.ok(200)["points"].as_array().expect("points"))
    }

    /// A problem with this status and code, and its detail.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) -> String {
        let body = self.json();
        assert_eq!((self.status.as_u16(), body["code"].as_str()), (status, Some(code)), "{body}");
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json");
        assert!(body["request_id"].is_string(), "{body}");
        body["detail"].as_str().expect("a detail").to_owned()
    }
}

/// The seconds of points in JSON.
#[track_caller]
pub(crate) fn seconds<'a>(points: impl IntoIterator<Item = &'a Value>) -> Vec<i64> {
    let second = |point: &Value| (point["time_ms"].as_i64().expect("a time") - NOW) / 1_000;
    points.into_iter().map(second).collect()
}
