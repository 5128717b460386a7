use std::net::SocketAddr;
use std::path::Path;

use api::Signer;
use model::{Clock, Role, SystemClock, UserId};
use serde_json::{Value, json};
use server::{Config, Keys, Node};
use tempfile::TempDir;

use crate::person::Person;
use crate::rest::{self, Answer};

/// How long tokens of a test hold, seconds.
const TOKEN_TTL_S: u32 = 3_600;

/// A node of its own on a free port, with its data in a folder that goes with it.
pub struct Sandbox {
    node: Option<Node>,
    address: SocketAddr,
    signer: Signer,
    config: Config,
    _dir: TempDir,
}

impl Sandbox {
    /// A node as it is out of the box.
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// A node with other settings.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let mut config = Config::default();
        config.http.listen = SocketAddr::from(([127, 0, 0, 1], 0));
        config.operations.listen = config.http.listen;
        config.data.dir = dir.path().join("data");
        change(&mut config);
        let node = Node::start(config.clone()).await.expect("the node starts");
        let signer = Keys::signer(&config.auth, &config.data.dir).expect("the node's own key");
        Self { address: node.address(), node: Some(node), signer, config, _dir: dir }
    }

    /// Where the node listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where its data is.
    pub fn data_dir(&self) -> &Path {
        &self.config.data.dir
    }

    /// A token that holds for an hour.
    pub fn token(&self, user: &str, role: Role) -> String {
        self.token_for(user, role, TOKEN_TTL_S)
    }

    /// A token that holds for so many seconds.
    pub fn token_for(&self, user: &str, role: Role, ttl_s: u32) -> String {
        let user = UserId::parse(user).expect("a valid id");
        self.signer.sign(&user, role, SystemClock::start().now().wall, ttl_s)
    }

    /// A request with a token of this user.
    pub async fn as_user(
        &self,
        user: &str,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Answer {
        let token = self.token(user, Role::User);
        rest::request(self.address, method, path, Some(&token), body).await
    }

    /// A request with a service's token.
    pub async fn as_service(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let token = self.token("backend", Role::Service);
        rest::request(self.address, method, path, Some(&token), body).await
    }

    /// A request with this very token.
    pub async fn with_token(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Answer {
        rest::request(self.address, method, path, Some(token), body).await
    }

    /// A request without a token.
    pub async fn request(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        rest::request(self.address, method, path, None, body).await
    }

    /// Where it answers operators.
    pub fn operations_address(&self) -> SocketAddr {
        self.node.as_ref().expect("a running node").operations_address()
    }

    /// All that the node measures.
    pub async fn metrics(&self) -> String {
        rest::request(self.operations_address(), "GET", "/metrics", None, None).await.text
    }

    /// Makes sure that a user exists.
    pub async fn user(&self, user: &str) {
        let name = json!({ "display_name": user });
        let answer = self.as_service("PUT", &format!("/v1/users/{user}"), Some(name)).await;
        assert!(answer.status < 300, "{answer:?}");
    }

    /// Makes both exist and friends.
    pub async fn befriend(&self, a: &str, b: &str) {
        self.user(a).await;
        self.user(b).await;
        let answer = self.as_service("PUT", &format!("/v1/users/{a}/friends/{b}"), None).await;
        assert!(answer.status < 300, "{answer:?}");
    }

    /// Ends a friendship.
    pub async fn part(&self, a: &str, b: &str) {
        let answer = self.as_service("DELETE", &format!("/v1/users/{a}/friends/{b}"), None).await;
        assert_eq!(answer.status, 204, "{answer:?}");
    }

    /// Connects somebody; their welcome and snapshot have come.
    pub async fn connect(&self, user: &str) -> Person {
        let mut person = Person::connect(self.address, &self.token(user, Role::User)).await;
        person.await_snapshot().await;
        person
    }

    /// Connects without a token and waits for nothing.
    pub async fn connect_anonymously(&self) -> Person {
        Person::connect_anonymously(self.address).await
    }

    /// Lets the node go away in good order.
    pub async fn drain(&mut self) {
        if let Some(node) = self.node.take() {
            node.drain().await;
        }
    }
}
