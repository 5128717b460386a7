//! Boards that are watched over a socket show what a query says.

use std::collections::BTreeMap;

use e2e::{Person, Sandbox};
use model::Role;
use serde_json::{Value, json};

/// A client, and what it makes of what it hears of boards.
struct Watcher {
    person: Person,
    heard: usize,
    boards: BTreeMap<String, Shown>,
}

#[derive(Debug, Default, Clone)]
struct Shown {
    as_of: String,
    count: u64,
    place: Option<u64>,
    standings: BTreeMap<u64, Value>,
}

impl Watcher {
    fn new(person: Person) -> Self {
        Self { person, heard: 0, boards: BTreeMap::new() }
    }

    async fn watch(&mut self, board: &str, top: usize, around: usize) {
        let watch = json!({ "type": "watch_board", "board": board, "top": top, "around": around });
        self.person.send(&watch).await;
        self.person.hear(|m| m["type"] == "board" && m["board"] == board).await;
        self.take();
    }

    /// Takes in all that was heard.
    fn take(&mut self) {
        for message in &self.person.heard[self.heard..] {
            let Some(board) = message["board"].as_str().map(str::to_owned) else { continue };
            match message["type"].as_str() {
                Some("board") => drop(self.boards.insert(board.clone(), Shown::default())),
                Some("board_push") => {}
                _ => {
                    self.boards.remove(&board);
                    continue;
                }
            }
            let shown = self.boards.get_mut(&board).expect("all of it was told before");
            message["as_of"].as_str().expect("a state").clone_into(&mut shown.as_of);
            shown.count = message["count"].as_u64().expect("a count");
            if let Some(place) = message.get("place") {
                shown.place = place.as_u64();
            }
            for place in message["gone"].as_array().into_iter().flatten() {
                let gone = shown.standings.remove(&place.as_u64().expect("a place"));
                assert!(gone.is_some(), "nobody was told to stand there: {message}");
            }
            for standing in message["standings"].as_array().into_iter().flatten() {
                shown
                    .standings
                    .insert(standing["place"].as_u64().expect("a place"), standing.clone());
            }
        }
        self.heard = self.person.heard.len();
    }

    /// Hears until a board is shown as of this state.
    async fn until(&mut self, board: &str, as_of: &str) -> Shown {
        self.take();
        while self.boards.get(board).is_none_or(|shown| shown.as_of != as_of) {
            self.person.hear(|m| m["board"] == board).await;
            self.take();
        }
        self.boards[board].clone()
    }
}

async fn make(world: &Sandbox, board: &str, rules: Value) {
    let made = world.as_service("PUT", &format!("/v1/boards/{board}"), Some(rules)).await;
    assert!(made.status < 300, "{made:?}");
}

async fn add(world: &Sandbox, key: &str, board: &str, user: &str, delta: i64) {
    let event = json!({ "key": key, "board": board, "user": user, "delta": delta });
    let posted = world.as_service("POST", "/v1/scores", Some(event)).await;
    assert_eq!(posted.status, 200, "{posted:?}");
}

fn sums() -> Value {
    json!({ "wins": "high", "operator": "sum" })
}

/// What queries say of a board for somebody: the top, and them with their neighbours.
async fn queried(world: &Sandbox, board: &str, user: &str, top: usize, around: usize) -> Value {
    let path = format!("/v1/scores?board={board}&limit={top}");
    let top = world.as_user(user, "GET", &path, None).await.json;
    let path = format!("/v1/scores/me?board={board}&around={around}");
    let own = world.as_user(user, "GET", &path, None).await.json;
    assert_eq!(top["as_of"], own["as_of"], "nobody writes meanwhile");
    json!({ "as_of": top["as_of"], "count": top["count"], "top": top["standings"], "own": own })
}

fn without_place(standing: &Value) -> Value {
    let mut standing = standing.clone();
    standing.as_object_mut().expect("an object").remove("place");
    standing
}

#[tokio::test]
async fn what_was_pushed_last_is_what_a_query_says() {
    let world = Sandbox::start().await;
    make(&world, "weekly", sums()).await;
    for n in 0..20 {
        add(&world, &format!("first {n}"), "weekly", &format!("p{n}"), n).await;
    }
    let mut watchers = Vec::new();
    for user in ["p0", "p10", "p19", "nobody"] {
        let mut watcher = Watcher::new(world.connect(user).await);
        watcher.watch("weekly", 3, 2).await;
        watchers.push((user, watcher));
    }
    for n in 0..200_i64 {
        add(&world, &format!("then {n}"), "weekly", &format!("p{}", n * 7 % 25), n % 11 - 3).await;
    }
    for (user, watcher) in &mut watchers {
        // Whoever saw nothing of the last change is as of one before. One at the top everybody sees.
        add(&world, &format!("last {user}"), "weekly", "p24", 1_000).await;
        let queried = queried(&world, "weekly", user, 3, 2).await;
        let shown = watcher.until("weekly", queried["as_of"].as_str().expect("a state")).await;
        assert_eq!(json!(shown.count), queried["count"]);
        let top: Vec<Value> = shown.standings.values().take(3).map(without_place).collect();
        assert_eq!(json!(top), queried["top"], "{user}");
        let own = shown.place.map(|place| without_place(&shown.standings[&place]));
        let around = queried["own"]["around"].as_array().expect("a list");
        match own {
            None => assert!(around.is_empty() && queried["own"]["rank"].is_null(), "{user}"),
            Some(own) => {
                let place = shown.place.expect("there");
                let near = shown.standings.range(place.saturating_sub(2)..=place + 2);
                let near: Vec<Value> = near.map(|(_, it)| without_place(it)).collect();
                assert_eq!((&near, &own["rank"]), (around, &queried["own"]["rank"]), "{user}");
            }
        }
    }
}

#[tokio::test]
async fn names_bans_and_new_rules_reach_watchers() {
    let world = Sandbox::start().await;
    make(&world, "weekly", sums()).await;
    world.user("ann").await;
    for (key, user, score) in [("1", "ann", 5), ("2", "bob", 4)] {
        add(&world, key, "weekly", user, score).await;
    }
    let mut bob = Watcher::new(world.connect("bob").await);
    bob.watch("weekly", 10, 0).await;
    assert_eq!((bob.boards["weekly"].count, bob.boards["weekly"].place), (2, Some(2)));
    let ban = world.as_service("PUT", "/v1/boards/weekly/bans/ann", None).await;
    assert!(ban.status < 300, "{ban:?}");
    let shown = bob.until("weekly", "b1.3").await;
    assert_eq!((shown.count, shown.place), (1, Some(1)));
    assert!(!format!("{shown:?}").contains("ann"));
    let mut rules = sums();
    rules["readers"] = json!("services");
    make(&world, "weekly", rules).await;
    let closed = bob.person.hear(|m| m["type"] == "board_closed").await;
    assert_eq!(closed["reason"], "forbidden");
    add(&world, "3", "weekly", "cid", 9).await;
    bob.person.settle().await;
    assert!(!bob.person.heard.iter().any(|m| m.to_string().contains("cid")));
}

#[tokio::test]
async fn a_board_that_is_deleted_and_made_again_is_watched_anew() {
    let world = Sandbox::start().await;
    make(&world, "weekly", sums()).await;
    add(&world, "1", "weekly", "ann", 5).await;
    let mut bob = Watcher::new(world.connect("bob").await);
    bob.watch("weekly", 10, 0).await;
    let deleted = world.as_service("DELETE", "/v1/boards/weekly", None).await;
    assert!(deleted.status < 300, "{deleted:?}");
    let closed = bob.person.hear(|m| m["type"] == "board_closed").await;
    assert_eq!(closed["reason"], "no_such_board");
    make(&world, "weekly", sums()).await;
    bob.watch("weekly", 10, 0).await;
    assert_eq!((bob.boards["weekly"].count, bob.boards["weekly"].standings.len()), (0, 0));
    add(&world, "2", "weekly", "cid", 1).await;
    let shown = bob.until("weekly", "b2.1").await;
    assert_eq!(shown.standings[&1]["user"], "cid");
}

#[tokio::test]
async fn a_service_watches_what_users_may_not_read() {
    let world = Sandbox::start().await;
    let mut rules = sums();
    rules["readers"] = json!("services");
    make(&world, "secret", rules).await;
    let token = world.token("shop", Role::Service);
    let mut shop = Watcher::new(Person::connect(world.address(), &token).await);
    shop.watch("secret", 10, 4).await;
    add(&world, "1", "secret", "ann", 5).await;
    assert_eq!(shop.until("secret", "b1.1").await.standings[&1]["user"], "ann");
}
