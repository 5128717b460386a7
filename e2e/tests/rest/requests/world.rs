use e2e::raw::{Bystanders, OFFENDER, Raw, Request, assert_problem};
use e2e::{Answer, Sandbox};
use model::Role;
use serde_json::{Value, json};

/// A node with somebody whose name and friends must stay the same.
pub(super) struct World {
    pub(super) sandbox: Sandbox,
    bystanders: Bystanders,
    pub(super) token: String,
    known: Value,
}

impl World {
    pub(super) async fn start() -> Self {
        Self::on(Sandbox::start().await).await
    }

    pub(super) async fn on(sandbox: Sandbox) -> Self {
        let bystanders = Bystanders::on(&sandbox).await;
        let token = sandbox.token(OFFENDER, Role::User);
        let mut world = Self { sandbox, bystanders, token, known: Value::Null };
        world.known = world.look().await;
        world
    }

    pub(super) fn request(&self, method: &str, path: &str) -> Request {
        Request::new(method, path).bearer(&self.token)
    }

    /// A right request to be called otherwise.
    pub(super) fn rename(&self) -> Request {
        self.request("PUT", "/v1/users/me")
    }

    pub(super) async fn look(&self) -> Value {
        let user = self.sandbox.as_service("GET", "/v1/users/mallory", None).await.json;
        let friends = self.sandbox.as_service("GET", "/v1/users/mallory/friends", None).await.json;
        let asked = "/v1/users/mallory/friend-requests?direction=outgoing";
        json!([user, friends, self.sandbox.as_service("GET", asked, None).await.json])
    }

    /// Nothing changed, and nobody was disturbed.
    pub(super) async fn is_the_same(&mut self, case: &str) {
        assert_eq!(self.look().await, self.known, "after {case}");
        self.bystanders.carry_on(case).await;
    }

    pub(super) async fn answer(&self, case: &str, bytes: &[u8]) -> Answer {
        let mut raw = Raw::connect(self.sandbox.address()).await;
        raw.send(bytes).await;
        raw.response().await.unwrap_or_else(|| panic!("{case}: no answer"))
    }

    pub(super) async fn expect_problems(&mut self, cases: Vec<(&str, Request, (u16, &str, &str))>) {
        for (case, request, expected) in cases {
            let answer = self.answer(case, &request.encode()).await;
            assert_problem(case, &answer, expected);
            self.is_the_same(case).await;
        }
    }
}
