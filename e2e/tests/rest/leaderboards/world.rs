use e2e::raw::{Raw, Request};
use e2e::{Answer, Sandbox};
use model::Role;
use serde_json::{Value, json};

/// A board that adds up, and of which higher scores are better.
pub(super) fn sums() -> Value {
    json!({ "wins": "high", "operator": "sum" })
}

/// Makes a board.
pub(super) async fn make(world: &Sandbox, board: &str, body: Value) {
    let answer = world.as_service("PUT", &format!("/v1/boards/{board}"), Some(body)).await;
    assert_eq!(answer.status, 201, "{answer:?}");
}

/// A request to post something.
pub(super) async fn post(world: &Sandbox, body: Value) -> Answer {
    world.as_service("POST", "/v1/scores", Some(body)).await
}

/// Posts an event that is counted; what each of its changes came to.
pub(super) async fn posted(world: &Sandbox, body: Value) -> Vec<Value> {
    let answer = post(world, body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json["results"].as_array().expect("results").clone()
}

/// Adds this to somebody's score.
pub(super) async fn add(world: &Sandbox, board: &str, user: &str, key: &str, delta: i64) -> Value {
    let event = json!({ "key": key, "board": board, "user": user, "delta": delta });
    posted(world, event).await.remove(0)
}

/// Makes somebody's score this one.
pub(super) async fn set(world: &Sandbox, board: &str, user: &str, key: &str, score: i64) -> Value {
    let event = json!({ "key": key, "board": board, "user": user, "score": score });
    posted(world, event).await.remove(0)
}

/// What a question is answered with.
pub(super) async fn get(world: &Sandbox, path: &str) -> Value {
    let answer = world.as_service("GET", path, None).await;
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    answer.json
}

/// Where somebody stands.
pub(super) async fn standing(world: &Sandbox, board: &str, user: &str) -> Value {
    get(world, &format!("/v1/scores/{user}?board={board}")).await
}

/// A list of players: who, with which rank and score.
pub(super) fn listed(standings: &Value) -> Vec<(String, u64, i64)> {
    let each = |it: &Value| {
        let user = it["user"].as_str().expect("an id").to_owned();
        (user, it["rank"].as_u64().expect("a rank"), it["score"].as_i64().expect("a score"))
    };
    standings.as_array().expect("a list").iter().map(each).collect()
}

/// All of a board by its pages: who, with which rank and score.
pub(super) async fn walk(world: &Sandbox, board: &str, limit: usize) -> Vec<(String, u64, i64)> {
    let first = format!("/v1/scores?board={board}&limit={limit}");
    let (mut all, mut path) = (Vec::new(), first.clone());
    loop {
        let page = get(world, &path).await;
        all.extend(listed(&page["standings"]));
        match page["next_cursor"].as_str() {
            Some(cursor) => path = format!("{first}&cursor={cursor}"),
            None => return all,
        }
    }
}

/// As a list of [`listed`] is expected.
pub(super) fn rows(expected: &[(&str, u64, i64)]) -> Vec<(String, u64, i64)> {
    expected.iter().map(|(user, rank, score)| ((*user).to_owned(), *rank, *score)).collect()
}

/// Sends a request of a service, which may be wrong.
pub(super) async fn send(world: &Sandbox, request: Request) -> Answer {
    let request = request.bearer(&world.token("backend", Role::Service));
    let mut raw = Raw::connect(world.address()).await;
    raw.send(&request.encode()).await;
    raw.response().await.expect("an answer")
}

/// Posts a body as it stands here.
pub(super) async fn send_text(world: &Sandbox, body: &str) -> Answer {
    send(world, Request::new("POST", "/v1/scores").json(body)).await
}

/// An event of Alice in JSON, with an amount as it stands here.
pub(super) fn event_text(key: &str, board: &str, amount: &str) -> String {
    format!(r#"{{"key":"{key}","board":"{board}","user":"alice",{amount}}}"#)
}
