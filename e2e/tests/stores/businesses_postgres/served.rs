//! Businesses in PostgreSQL as the program serves them.

use e2e::process::{Home, Process, run};
use e2e::raw::{Raw, Request};
use e2e::servers::Postgres;
use e2e::{Answer, Sandbox};
use model::Role;
use proximity::Residency;
use proximity::postgres::Config;
use serde_json::{Value, json};
use server::StoreBackend;

use super::world::{database, name, shared, until};

const SEARCH: &str = "/v1/search/nearby?latitude=36.17&longitude=-115.14";

async fn serve(config: &Config, resident: Residency) -> Sandbox {
    Sandbox::with(|all| {
        all.backends.businesses = StoreBackend::Postgres;
        all.postgres.businesses = config.clone();
        all.proximity.resident = resident;
    })
    .await
}

fn bakery(name: &str) -> Value {
    let position = json!({ "latitude": 36.17, "longitude": -115.14 });
    json!({ "name": name, "categories": ["Food / Bakery"], "position": position })
}

/// A request that must see what this answer is about.
async fn after(answer: &Answer, world: &Sandbox, path: &str) -> Answer {
    let token = world.token("alice", Role::User);
    let fresh = answer.headers["x-freshness"].to_str().expect("text");
    let request = Request::new("GET", path).bearer(&token).with("x-freshness", fresh);
    let mut raw = Raw::connect(world.address()).await;
    raw.send(&request.encode()).await;
    raw.response().await.expect("an answer")
}

fn names(answer: &Answer) -> Vec<&str> {
    assert_eq!(answer.status, 200, "{answer:?}");
    let found = answer.json["businesses"].as_array().expect("a list").iter();
    found.map(|it| it["name"].as_str().expect("a name")).collect()
}

/// A counter, of the line that begins so.
async fn metric(world: &Sandbox, line: &str) -> f64 {
    let all = world.metrics().await;
    let found = all.lines().find_map(|metric| metric.strip_prefix(line)?.trim().parse().ok());
    found.unwrap_or(0.0)
}

#[tokio::test]
async fn what_one_process_has_written_another_one_shows_at_once() {
    let primary = Postgres::start().await;
    let mut config = database(&primary).await;
    let replica = primary.replica().await;
    config.replicas = vec![replica.url(name(&config)).into()];
    let one = serve(&config, Residency::None).await;
    let other = serve(&config, Residency::Names).await;
    for number in 0..20 {
        let name = format!("bakery {number}");
        let made = one.as_user("alice", "POST", "/v1/businesses", Some(bakery(&name))).await;
        assert_eq!(made.status, 201, "{made:?}");
        let id = made.json["id"].as_str().expect("an id");
        let read = after(&made, &other, &format!("/v1/businesses/{id}")).await;
        assert_eq!(read.json["name"], name.as_str(), "{read:?}");
        let found = after(&made, &other, &format!("{SEARCH}&limit=100")).await;
        assert!(names(&found).contains(&name.as_str()), "{found:?}");
    }
    // And in seconds without asking for it.
    until("everybody sees all", async || {
        names(&other.as_user("bob", "GET", SEARCH, None).await).len() == 20
    })
    .await;
}

#[tokio::test]
async fn searches_are_answered_from_memory_once_all_is_loaded() {
    let config = database(shared().await).await;
    let world = serve(&config, Residency::Names).await;
    let made = world.as_user("alice", "POST", "/v1/businesses", Some(bakery("first"))).await;
    assert_eq!(made.status, 201, "{made:?}");
    let path = format!("{SEARCH}&fields=name");
    until("memory answers", async || {
        let found = world.as_user("bob", "GET", &path, None).await;
        assert!(names(&found).len() <= 1);
        let counter = "whereabouts_proximity_searches_total{by=\"resident\",result=\"ok\"}";
        names(&found) == ["first"] && metric(&world, counter).await > 0.0
    })
    .await;
}

/// A process that serves only businesses, without Redis, a directory, or anything in a folder.
async fn searcher() -> (Home, Process) {
    let url = database(shared().await).await.url.to_string();
    let home = Home::new("");
    // Where `Process` looks for the key that it signs with; for the service it is its issuer's.
    let key = home.data().join("token.key");
    std::fs::create_dir(home.data()).expect("made");
    std::fs::write(&key, [7; 32]).expect("written");
    let settings = format!(
        "roles = [\"businesses\"]\n[backends]\nlive = \"redis\"\ndirectory = \"postgres\"\n\
         businesses = \"postgres\"\n[postgres.businesses]\nurl = {url:?}\n\
         [proximity]\nresident = \"names\"\n\
         [auth]\nkeys = [{{ kid = \"own\", alg = \"HS256\", secret_file = \"{}\" }}]\n\
         [redis]\nshards = [{{ name = \"nowhere\", url = \"redis://127.0.0.1:1\" }}]\n\
         [postgres.directory]\nurl = \"postgres://nobody@127.0.0.1:2/nothing\"\n",
        key.display()
    );
    std::fs::write(home.settings(), settings).expect("written");
    let service = home.start().await;
    (home, service)
}

#[tokio::test]
async fn a_process_may_do_nothing_but_search() {
    let (home, service) = searcher().await;
    let made = service.as_service("POST", "/v1/businesses", Some(bakery("bread"))).await;
    assert_eq!(made.status, 201, "{made:?}");
    until("it is found", async || {
        names(&service.as_service("GET", SEARCH, None).await) == ["bread"]
    })
    .await;
    until("it is ready", async || service.as_service("GET", "/ready", None).await.status == 200)
        .await;
    let settings = home.settings();
    let checked = run(&["check-config", "--config", settings.to_str().expect("a path")]).await;
    assert_eq!(checked.code, Some(0), "{checked:?}");
    let parts = service.as_service("GET", "/ready", None).await.json["parts"].clone();
    assert!(parts["gateway"].is_null() && parts["postgres.businesses"] == true, "{parts}");
    for path in ["/v1/ws", "/v1/users/alice"] {
        let answer = service.as_service("GET", path, None).await;
        assert_eq!(answer.json["code"], "no_such_path", "{answer:?}");
    }
}

#[tokio::test]
async fn a_process_that_only_searches_says_that_it_goes_away_and_serves_until_it_is_gone() {
    let (_home, service) = searcher().await;
    until("it is ready", async || service.request("GET", "/ready").await.status == 200).await;
    service.terminate();
    until("it isn't ready", async || service.request("GET", "/ready").await.status == 503).await;
    let ready = service.request("GET", "/ready").await.json;
    assert_eq!((&ready["ready"], &ready["draining"]), (&json!(false), &json!(true)), "{ready}");
    assert_eq!(names(&service.as_service("GET", SEARCH, None).await), [""; 0]);
    let ended = service.ended().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[tokio::test]
async fn without_any_server_the_process_is_not_ready_and_says_when_to_come_back() {
    let mut primary = Postgres::start().await;
    let config = database(&primary).await;
    let world = serve(&config, Residency::None).await;
    let ready = async || world.request("GET", "/ready", None).await;
    until("it is ready", async || ready().await.status == 200).await;
    primary.kill().await;
    until("it isn't ready", async || ready().await.status == 503).await;
    assert_eq!(ready().await.json["parts"]["postgres.businesses"], false);
    let bread = Some(bakery("bread"));
    for (method, path, body) in [("GET", SEARCH, None), ("POST", "/v1/businesses", bread)] {
        let answer = world.as_user("alice", method, path, body).await;
        assert_eq!(answer.status, 503, "{answer:?}");
        assert_eq!(answer.json["code"], "unavailable");
        assert!(answer.headers.contains_key("retry-after"), "{answer:?}");
        // Where the servers are is nobody's business.
        assert!(!answer.text.contains("127.0.0.1"), "{answer:?}");
    }
    primary.start_again().await;
    until("it is ready again", async || ready().await.status == 200).await;
    assert_eq!(names(&world.as_user("alice", "GET", SEARCH, None).await), [""; 0]);
}

#[tokio::test]
async fn operators_migrate_import_and_check_with_the_settings_of_the_service() {
    let primary = Postgres::start().await;
    let url = primary.database().await;
    let replica = primary.replica().await;
    let replica_url = replica.url(url.rsplit('/').next().expect("a database"));
    let home = Home::new(&format!(
        "[backends]\nbusinesses = \"postgres\"\n[postgres.businesses]\nurl = {url:?}\n\
         replicas = [{replica_url:?}, \"postgres://u@127.0.0.1:2/x\"]\n"
    ));
    let settings = home.settings();
    let settings = settings.to_str().expect("a readable path");
    let places = settings.replace("settings.toml", "city.csv");
    let rows = "id,name,category,lat,lon\n1,Bread,Food / Bakery,36.17,-115.14\n2,Far,Food,10,10\n";
    std::fs::write(&places, rows).expect("written");
    let import = ["import", "places", &places, "--config", settings];

    let early = run(&import).await;
    assert_eq!(early.code, Some(1), "{early:?}");
    assert!(early.log.contains("whereabouts migrate --config"), "{early:?}");
    let migrated = run(&["migrate", "--config", settings]).await;
    assert!(migrated.output.contains("businesses: the schema was 0 and now is"), "{migrated:?}");
    let imported = run(&import).await;
    assert!(imported.output.contains("2 new, 0 changed"), "{imported:?}");
    let again = run(&import).await;
    assert!(again.output.contains("0 new, 0 changed, 2 as they were"), "{again:?}");

    let checked = run(&["check-config", "--config", settings]).await;
    assert_eq!(checked.code, Some(1), "the second replica is away: {checked:?}");
    let line = |what: &str| {
        let found = checked.output.lines().find(|line| line.contains(what));
        found.unwrap_or_else(|| panic!("no {what}: {checked:?}")).trim()
    };
    assert!(line("postgres.businesses ").starts_with('✓'), "{checked:?}");
    assert!(line("replica 1").starts_with('✓') && line("replica 1").contains("changes"));
    assert!(line("replica 2").starts_with('✗') && line("replica 2").contains("127.0.0.1:2"));

    let service = home.start().await;
    let found = service.as_service("GET", SEARCH, None).await;
    assert_eq!(names(&found), ["Bread"]);
}
