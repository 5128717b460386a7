//! A directory behind the middleware, and short words to speak to it.

use std::sync::Arc;

use api::{Context, RateLimit, Signer, Verifier, VerifyingKey, with_middleware};
use axum::Router;
use axum::body::Body;
use directory::embedded::EmbeddedStore;
use directory::{Config, Directory};
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use model::{Clock, ManualClock, Role, SeededRandom, Timestamp, UserId};
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt;

const SECRET: &[u8] = b"a secret of more than 32 bytes for the tests";

pub(crate) struct Sandbox {
    pub(crate) directory: Directory,
    pub(crate) clock: Arc<ManualClock>,
    router: Router,
    signer: Signer,
    _data: TempDir,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Sandbox {
    /// A directory in which these users have come once.
    pub(crate) async fn with(users: &[&str]) -> Self {
        let data = TempDir::new().expect("a temporary directory");
        let store = EmbeddedStore::open(data.path()).await.expect("an empty store opens");
        let clock = Arc::new(ManualClock::at(Timestamp(1_700_000_000_000)));
        let limits = Config { requests_max: 3, ..Config::default() };
        let directory = Directory::start(Arc::new(store), clock.clone(), limits);
        let key = VerifyingKey::hs256("k", SECRET).expect("key");
        let verifier = Verifier::new(vec![key], "us", "them", 0).expect("verifier");
        let random = Arc::new(SeededRandom::new(1));
        let context = Context::new(Arc::new(verifier), clock.clone(), random, RateLimit::default());
        let parts = directory::http::router(directory.clone(), context.clone());
        let router = with_middleware(parts.into(), &context);
        let signer = Signer::hs256("k", SECRET, "us", "them").expect("signer");
        let sandbox = Self { directory, clock, router, signer, _data: data };
        for user in users {
            sandbox.directory.ensure_user(&id(user)).await.expect("made");
        }
        sandbox
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

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.expect("infallible");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("in memory").to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer { status: parts.status, headers: parts.headers, body }
    }
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
    pub(crate) fn bearer(&self) -> String {
        let now = self.sandbox.clock.now().wall;
        format!("Bearer {}", self.sandbox.signer.sign(&id(self.name), self.role, now, 60))
    }

    pub(crate) async fn raw(&self, method: Method, path: &str, body: Option<&str>) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("/v1/users/{path}"));
        request = request.header(header::AUTHORIZATION, self.bearer());
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = body.map_or_else(Body::empty, |text| Body::from(text.to_owned()));
        self.sandbox.send(request.body(body).expect("a request")).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.raw(Method::GET, path, None).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.raw(Method::DELETE, path, None).await
    }

    pub(crate) async fn put(&self, path: &str) -> Answer {
        self.raw(Method::PUT, path, None).await
    }

    pub(crate) async fn post(&self, path: &str) -> Answer {
        self.raw(Method::POST, path, None).await
    }

    pub(crate) async fn put_json(&self, path: &str, body: &Value) -> Answer {
        self.raw(Method::PUT, path, Some(&body.to_string())).await
    }

    pub(crate) async fn asks(&self, user: &str, to: &str) -> Answer {
        let body = serde_json::json!({ "to": to }).to_string();
        self.raw(Method::POST, &format!("{user}/friend-requests"), Some(&body)).await
    }
}

impl Answer {
    /// A success with this status, and its body.
    #[track_caller]
    pub(crate) fn ok(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    /// A problem with this status and code, and its detail.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) -> String {
        let Self { status: found, headers, body } = self;
        assert_eq!((found.as_u16(), body["code"].as_str()), (status, Some(code)), "{body}");
        assert_eq!(headers[header::CONTENT_TYPE], "application/problem+json");
        assert!(body["request_id"].is_string(), "{body}");
        body["detail"].as_str().expect("a detail").to_owned()
    }

    /// The ids in the list of this name.
    #[track_caller]
    pub(crate) fn ids(self, list: &str) -> Vec<String> {
        let body = self.ok(200);
        let items = body[list].as_array().expect("a list");
        items.iter().map(|item| item["id"].as_str().expect("an id").to_owned()).collect()
    }
}
