use std::net::SocketAddr;

use e2e::raw::{Raw, Request};
use e2e::{Answer, Sandbox};
use model::Role;
use serde_json::{Value, json};

/// Where the businesses of the tests are.
pub(super) const HERE: (f64, f64) = (36.1699, -115.1398);

/// Somebody with a token, who may send any header.
pub(super) struct Client<'a> {
    world: &'a Sandbox,
    token: String,
}

pub(super) fn owner<'a>(world: &'a Sandbox, name: &str) -> Client<'a> {
    Client { world, token: world.token(name, Role::User) }
}

pub(super) fn operator(world: &Sandbox) -> Client<'_> {
    Client { world, token: world.token("root", Role::Operator) }
}

impl Client<'_> {
    /// A request of theirs, to be sent or made worse.
    pub(super) fn request(&self, method: &str, path: &str) -> Request {
        Request::new(method, path).bearer(&self.token)
    }

    pub(super) async fn send(&self, request: Request) -> Answer {
        send(self.world.address(), request).await
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.send(self.request("GET", path)).await
    }

    pub(super) async fn with_body(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.send(self.request(method, path).json(body.to_string())).await
    }

    /// Makes a business; its id.
    pub(super) async fn create(&self, body: &Value) -> String {
        let answer = self.with_body("POST", "/v1/businesses", body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json["id"].as_str().expect("an id").to_owned()
    }

    /// What a search around the place of the tests finds, by name.
    pub(super) async fn names_near(&self, parameters: &str) -> Vec<String> {
        let (latitude, longitude) = HERE;
        let path =
            format!("/v1/search/nearby?latitude={latitude}&longitude={longitude}{parameters}");
        let answer = self.get(&path).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let found = answer.json["businesses"].as_array().expect("a list").iter();
        found.map(|it| it["name"].as_str().expect("a name").to_owned()).collect()
    }
}

pub(super) async fn send(address: SocketAddr, request: Request) -> Answer {
    let mut raw = Raw::connect(address).await;
    raw.send(&request.encode()).await;
    raw.response().await.expect("an answer")
}

pub(super) fn path(id: &str) -> String {
    format!("/v1/businesses/{id}")
}

/// A business so many metres north of the place of the tests.
pub(super) fn business(name: &str, metres: f64) -> Value {
    let (latitude, longitude) = e2e::north_of(HERE, metres);
    json!({
        "name": name,
        "categories": ["Food & Drink / Restaurants"],
        "position": { "latitude": latitude, "longitude": longitude },
    })
}

#[track_caller]
pub(super) fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    let value = answer.headers.get(name).unwrap_or_else(|| panic!("no {name}: {answer:?}"));
    value.to_str().expect("text")
}
