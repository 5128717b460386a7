use std::net::SocketAddr;

use model::Role;
use serde_json::{Value, json};

use super::{Raw, Request};
use crate::{LISBON, Person, Sandbox, north_of};

/// Who breaks the rules in these tests: a friend of ann's with a known position, so that she would see what it changes.
pub const OFFENDER: &str = "mallory";

/// Two friends on the same node, whom nothing that others send may disturb, and one of whom sees the offender.
pub struct Bystanders {
    /// Sees ben and the offender.
    pub ann: Person,
    ben: Person,
    steps: u32,
    offender: Value,
}

impl Bystanders {
    /// On a node that believes its own tokens.
    pub async fn on(world: &Sandbox) -> Self {
        Self::at(world.address(), |user, role| world.token(user, role)).await
    }

    /// On a node somewhere, which believes these tokens.
    pub async fn at(address: SocketAddr, token: impl Fn(&str, Role) -> String) -> Self {
        let service = token("backend", Role::Service);
        for (path, body) in [
            ("ann", json!({ "display_name": "Ann" })),
            ("ben", json!({ "display_name": "Ben" })),
            (OFFENDER, json!({ "display_name": OFFENDER })),
            ("ann/friends/ben", Value::Null),
            (&format!("ann/friends/{OFFENDER}"), Value::Null),
        ] {
            let request = Request::new("PUT", &format!("/v1/users/{path}")).bearer(&service);
            let request = if body.is_null() { request } else { request.json(body.to_string()) };
            let mut raw = Raw::connect(address).await;
            raw.send(&request.encode()).await;
            let answer = raw.response().await.expect("an answer");
            assert!(answer.status < 300, "{answer:?}");
        }
        let [mut ann, mut ben, mut offender] = [
            Person::connect(address, &token("ann", Role::User)).await,
            Person::connect(address, &token("ben", Role::User)).await,
            Person::connect(address, &token(OFFENDER, Role::User)).await,
        ];
        for person in [&mut ann, &mut ben, &mut offender] {
            person.await_snapshot().await;
            person.at(LISBON).await;
        }
        let mut bystanders = Self { ann, ben, steps: 0, offender: Value::Null };
        bystanders.ann.expect_near(OFFENDER).await;
        bystanders.note().await;
        bystanders
    }

    /// From now on the offender is to be seen as it is now.
    pub async fn note(&mut self) {
        self.offender = self.look().await;
    }

    /// Ben goes a step, and Ann sees it; of the offender she sees the same as before.
    pub async fn carry_on(&mut self, case: &str) {
        self.steps += 1;
        let place = north_of(LISBON, f64::from(self.steps));
        let ack = self.ben.at(place).await;
        assert_eq!(ack["shown"], true, "after {case}");
        let there =
            |ben: &Value| ben["latitude"].as_f64().is_some_and(|l| (l - place.0).abs() < 1e-9);
        self.ann.expect(|friends| friends.get("ben").is_some_and(there)).await;
        assert_eq!(self.look().await, self.offender, "after {case}");
    }

    /// What Ann sees of the offender, apart from what changes by itself.
    async fn look(&mut self) -> Value {
        self.ann.settle().await;
        let mut seen = self.ann.friends.get(OFFENDER).cloned().unwrap_or(Value::Null);
        if let Some(fields) = seen.as_object_mut() {
            fields.remove("age_ms");
        }
        seen
    }
}
