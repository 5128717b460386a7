//! Leaderboards in PostgreSQL as the program serves them.

use e2e::Sandbox;
use e2e::process::{Home, Process, run};
use e2e::servers::Postgres;
use leaderboard::postgres::Config;
use serde_json::{Value, json};
use server::StoreBackend;

use super::world::{database, shared, until};

async fn serve(config: &Config) -> Sandbox {
    Sandbox::with(|all| {
        all.backends.leaderboards = StoreBackend::Postgres;
        all.postgres.leaderboards = config.clone();
    })
    .await
}

fn score(key: &str, user: &str, delta: i64) -> Value {
    json!({ "key": key, "board": "b", "user": user, "delta": delta })
}

fn sums() -> Value {
    json!({ "wins": "high", "operator": "sum" })
}

const TOP: &str = "/v1/scores?board=b";

/// Who stands there, with the score, as a process says it.
fn top(answer: &e2e::Answer) -> Vec<(String, i64)> {
    let standings = answer.json["standings"].as_array().cloned().unwrap_or_default();
    let each = |it: &Value| {
        (it["user"].as_str().expect("an id").to_owned(), it["score"].as_i64().expect("a score"))
    };
    standings.iter().map(each).collect()
}

#[tokio::test]
async fn what_one_process_counts_another_one_shows() {
    let config = database(shared().await).await;
    let worlds = [serve(&config).await, serve(&config).await];
    let made = worlds[0].as_service("PUT", "/v1/boards/b", Some(sums())).await;
    assert_eq!(made.status, 201, "{made:?}");
    for n in 0..10 {
        let world = &worlds[n % 2];
        let posted =
            world.as_service("POST", "/v1/scores", Some(score(&n.to_string(), "ann", 2))).await;
        let result = &posted.json["results"][0];
        assert_eq!(
            (&result["score"], &result["rank"]),
            (&json!(2 * n + 2), &json!(1)),
            "{posted:?}"
        );
    }
    let again = worlds[1].as_service("POST", "/v1/scores", Some(score("0", "ann", 2))).await;
    assert_eq!(again.json["results"][0]["score"], 2, "as the first time: {again:?}");
    for world in &worlds {
        until("everybody sees all", async || {
            top(&world.as_service("GET", TOP, None).await) == [("ann".to_owned(), 20)]
        })
        .await;
    }
    let deleted = worlds[1].as_service("DELETE", "/v1/boards/b", None).await;
    assert_eq!(deleted.status, 204, "{deleted:?}");
    for world in &worlds {
        let gone = world.as_service("GET", TOP, None).await;
        assert_eq!((gone.status, &gone.json["code"]), (404, &json!("no_such_board")), "{gone:?}");
    }
}

/// A process that serves only boards and scores, with users' names from the directory's database, and nothing in a folder.
async fn board_keeper() -> (Home, Process) {
    let url = database(shared().await).await.url.to_string();
    let home = Home::new("");
    // Where `Process` looks for the key that it signs with; for the service it is its issuer's.
    let key = home.data().join("token.key");
    std::fs::create_dir(home.data()).expect("made");
    std::fs::write(&key, [7; 32]).expect("written");
    let settings = format!(
        "roles = [\"leaderboard\"]\n[backends]\nlive = \"redis\"\ndirectory = \"postgres\"\n\
         leaderboards = \"postgres\"\n[postgres.leaderboards]\nurl = {url:?}\n\
         [auth]\nkeys = [{{ kid = \"own\", alg = \"HS256\", secret_file = \"{}\" }}]\n\
         [redis]\nshards = [{{ name = \"nowhere\", url = \"redis://127.0.0.1:1\" }}]\n\
         [postgres.directory]\nurl = {url:?}\n",
        key.display()
    );
    std::fs::write(home.settings(), settings).expect("written");
    let migrated = run(&["migrate", "--config", home.settings().to_str().expect("a path")]).await;
    assert!(migrated.output.contains("leaderboards: nothing to do"), "{migrated:?}");
    assert!(migrated.output.contains("directory: the schema was 0"), "{migrated:?}");
    let service = home.start().await;
    (home, service)
}

#[tokio::test]
async fn a_process_may_do_nothing_but_keep_boards() {
    let (home, service) = board_keeper().await;
    let made = service.as_service("PUT", "/v1/boards/b", Some(sums())).await;
    assert_eq!(made.status, 201, "{made:?}");
    let posted = service.as_service("POST", "/v1/scores", Some(score("1", "ann", 5))).await;
    assert_eq!(posted.json["results"][0]["rank"], 1, "{posted:?}");
    assert_eq!(top(&service.as_service("GET", TOP, None).await), [("ann".to_owned(), 5)]);
    until("it is ready", async || service.request("GET", "/ready").await.status == 200).await;
    let parts = service.request("GET", "/ready").await.json["parts"].clone();
    assert!(parts["gateway"].is_null(), "{parts}");
    for part in ["leaderboards", "postgres.leaderboards", "postgres.directory"] {
        assert_eq!(parts[part], true, "{parts}");
    }
    let settings = home.settings();
    let checked = run(&["check-config", "--config", settings.to_str().expect("a path")]).await;
    assert_eq!(checked.code, Some(0), "{checked:?}");
    assert!(checked.output.contains("postgres.leaderboards"), "{checked:?}");
    let user = service.as_service("GET", "/v1/users/ann", None).await;
    assert_eq!(user.json["code"], "no_such_path", "{user:?}");
}

#[tokio::test]
async fn without_the_database_nothing_is_counted_and_it_is_said_when_to_come_back() {
    let mut server = Postgres::start().await;
    let config = database(&server).await;
    let world = serve(&config).await;
    assert_eq!(world.as_service("PUT", "/v1/boards/b", Some(sums())).await.status, 201);
    let post =
        async |key: &str| world.as_service("POST", "/v1/scores", Some(score(key, "ann", 1))).await;
    assert_eq!(post("1").await.status, 200);
    // Until it was looked at for the first time, what a node connects to counts as broken.
    until("it is ready", async || world.request("GET", "/ready", None).await.status == 200).await;
    server.kill().await;
    let degraded = async || {
        let ready = world.request("GET", "/ready", None).await;
        assert_eq!(ready.status, 200, "users and positions are served: {ready:?}");
        ready.json["parts"]["postgres.leaderboards"] == false
    };
    until("it says what is away", degraded).await;
    let away = post("2").await;
    assert_eq!((away.status, &away.json["code"]), (503, &json!("unavailable")), "{away:?}");
    assert!(
        away.headers.contains_key("retry-after") && !away.text.contains("127.0.0.1"),
        "{away:?}"
    );
    server.start_again().await;
    until("scores are counted again", async || post("2").await.status == 200).await;
    let again = post("2").await;
    assert_eq!(again.json["results"][0]["score"], 2, "once: {again:?}");
}
