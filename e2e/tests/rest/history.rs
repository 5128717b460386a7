//! What phones send over WebSockets comes back as a track.

use e2e::process::{Home, Process};
use e2e::raw::{Raw, Request};
use e2e::{Person, Sandbox};
use model::{Clock, Role, SystemClock};
use serde_json::{Value, json};

/// The most fixes of one message.
const BATCH: usize = 100;
/// More than are read at a time, so that an answer has several parts.
const FIXES: usize = 5_000;

/// A fix a second until now, going north.
fn fixes(first_seq: usize, count: usize) -> Vec<Value> {
    let now = SystemClock::start().now().wall.0;
    let fix = |n: usize| {
        json!({
            "seq": first_seq + n, "time_ms": now - 1_000 * (count - n) as i64,
            "latitude": (380_000_001 + n as i64 * 100) as f64 / 1e7, "longitude": -9.139_3, "speed_mps": 11.25,
        })
    };
    (0..count).map(fix).collect()
}

/// Sends fixes; each message is acknowledged as durable.
async fn send(person: &mut Person, fixes: &[Value]) {
    for batch in fixes.chunks(BATCH) {
        let seq = &batch.last().expect("a fix")["seq"];
        person.send(&json!({ "type": "fixes", "device": "phone", "fixes": batch })).await;
        let ack = person.hear(|m| m["type"] == "ack" && m["seq"] == *seq).await;
        assert_eq!(ack["kept"], "disk", "{ack}");
    }
}

/// What a point of a track has in common with its fix.
fn told(point: &Value) -> Value {
    let names = ["seq", "time_ms", "latitude", "longitude", "speed_mps"];
    names.iter().map(|name| ((*name).to_owned(), point[*name].clone())).collect()
}

async fn get(address: std::net::SocketAddr, token: &str, path: &str, accept: &str) -> e2e::Answer {
    let mut raw = Raw::connect(address).await;
    let request = Request::new("GET", path).bearer(token).with("Accept", accept);
    raw.send(&request.encode()).await;
    raw.response().await.expect("a whole answer")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_track_comes_back_point_by_point() {
    let change = |config: &mut server::Config| {
        config.gateway.fixes_per_s = 100_000;
        config.gateway.fixes_burst = 100_000;
        config.gateway.bytes_per_s = 10_000_000;
        config.gateway.bytes_burst = 10_000_000;
    };
    let world = Sandbox::with(change).await;
    let sent = fixes(1, FIXES);
    let mut alice = world.connect("alice").await;
    send(&mut alice, &sent).await;

    let (mut points, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/users/me/track?limit=2000{cursor}");
        let page = world.as_user("alice", "GET", &path, None).await;
        assert_eq!((page.status, &page.json["incomplete"]), (200, &json!(false)), "{page:?}");
        points.extend(page.json["points"].as_array().expect("points").iter().map(told));
        let Some(next) = page.json["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert!(points.iter().eq(&sent), "what was sent");

    let token = world.token("alice", Role::User);
    let path = "/v1/users/me/track?order=desc";
    let ndjson = get(world.address(), &token, path, "application/x-ndjson").await;
    assert_eq!(ndjson.headers["transfer-encoding"], "chunked");
    let lines = ndjson.text.lines().map(|line| serde_json::from_str(line).expect("JSON"));
    let mut lines: Vec<Value> = lines.collect();
    assert_eq!(lines.pop().expect("an end")["incomplete"], false);
    assert!(lines.iter().rev().map(told).eq(sent), "what was sent, the latest first");
    let csv = get(world.address(), &token, "/v1/users/me/track", "text/csv").await;
    assert_eq!(csv.text.lines().count(), FIXES + 1);

    let summary = world.as_user("alice", "GET", "/v1/users/me/track/summary", None).await;
    assert_eq!(summary.json["points"], FIXES);
    let refused = world.as_user("bob", "GET", "/v1/users/alice/track", None).await;
    assert_eq!(refused.status, 403, "{refused:?}");
}

async fn seqs(process: &Process) -> Vec<u64> {
    let page = process.as_service("GET", "/v1/users/alice/track", None).await;
    assert_eq!((page.status, &page.json["incomplete"]), (200, &json!(false)), "{page:?}");
    let points = page.json["points"].as_array().expect("points").iter();
    points.map(|point| point["seq"].as_u64().expect("a number")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_there_after_kills_and_what_was_erased_is_not() {
    let home = Home::new("[log]\nfilter = \"warn\"\n");
    let process = home.start().await;
    let sent = fixes(1, 90);
    let mut alice = process.connect("alice").await;
    send(&mut alice, &sent).await;
    assert_eq!(seqs(&process).await, (1..=90).collect::<Vec<_>>());
    process.kill().await;

    let process = home.start().await;
    assert_eq!(seqs(&process).await, (1..=90).collect::<Vec<_>>());
    // The 31st to the 60th.
    let path =
        format!("/v1/users/alice/track?from={}&to={}", sent[30]["time_ms"], sent[60]["time_ms"]);
    assert_eq!(process.as_service("DELETE", &path, None).await.status, 204);
    let rest: Vec<_> = (1..=30).chain(61..=90).collect();
    assert_eq!(seqs(&process).await, rest);
    process.kill().await;

    let process = home.start().await;
    assert_eq!(seqs(&process).await, rest);
    let settings = "/v1/users/alice/track/settings";
    let off = process.as_service("PUT", settings, Some(json!({ "enabled": false }))).await;
    assert_eq!(off.status, 200, "{off:?}");
    let mut alice = process.connect("alice").await;
    alice.send(&json!({ "type": "fixes", "device": "phone", "fixes": fixes(100, 1) })).await;
    let ack = alice.hear(|m| m["type"] == "ack" && m["seq"] == 100).await;
    assert_eq!(ack["kept"], "memory", "{ack}");
    process.kill().await;

    let process = home.start().await;
    assert_eq!(process.as_service("GET", settings, None).await.json["enabled"], false);
    assert_eq!(seqs(&process).await, rest);
    let on = process.as_service("PUT", settings, Some(json!({ "enabled": true }))).await;
    assert_eq!(on.status, 200, "{on:?}");
    let mut alice = process.connect("alice").await;
    send(&mut alice, &fixes(200, 1)).await;
    assert_eq!(process.as_service("DELETE", "/v1/users/alice/track", None).await.status, 204);
    assert!(seqs(&process).await.is_empty());
    process.kill().await;
    assert!(seqs(&home.start().await).await.is_empty());
}

#[tokio::test]
async fn what_was_read_of_a_track_may_be_posted_and_each_point_is_judged_by_itself() {
    let world = Sandbox::start().await;
    let mut alice = world.connect("alice").await;
    send(&mut alice, &fixes(1, 3)).await;
    let path = "/v1/users/alice/track";
    let read = world.as_service("GET", path, None).await.json;
    for (user, status) in [("alice", 200), ("bob", 400)] {
        let to = format!("/v1/users/{user}/track");
        let posted = world.as_service("POST", &to, Some(read.clone())).await;
        assert_eq!(posted.status, status, "{posted:?}");
        assert!(
            user == "bob"
                || posted.json["points"]
                    == json!([{ "kept": true }, { "kept": true }, { "kept": true }])
        );
    }
    assert_eq!(
        world.as_service("GET", "/v1/users/bob/track", None).await.json["points"],
        json!([])
    );
    let back = world.as_service("GET", path, None).await.json;
    let of = |page: &Value| {
        page["points"].as_array().expect("points").iter().map(told).collect::<Vec<_>>()
    };
    assert_eq!(of(&back), of(&read), "the same points");

    let right = |seq: u64| json!({ "time_ms": 1_700_000_000_000_i64, "latitude": 38, "longitude": -9, "device": "d", "seq": seq });
    let wrong = [
        ("latitude", json!("1"), "invalid_point"),
        ("latitude", Value::Null, "invalid_point"),
        ("latitude", json!(91), "invalid_position"),
        ("device", json!(7), "invalid_point"),
        ("seq", json!(1.5), "invalid_seq"),
        ("time_ms", json!("now"), "invalid_point"),
        ("time_ms", json!(1e300), "invalid_time"),
        ("speed_mps", json!(-1), "invalid_value"),
        ("speed_mps", json!([1]), "invalid_point"),
    ];
    let mut points = vec![right(1)];
    for (name, value, _) in &wrong {
        points.push(right(2));
        points.last_mut().expect("a point")[*name] = value.clone();
    }
    points.extend([json!(7), json!([38, -9]), json!({}), right(3)]);
    let last = points.last_mut().expect("a point");
    (last["_"], last["mood"], last["received_ms"], last["unshown"]) =
        (json!(1), json!({ "a": 1 }), json!("x"), Value::Null);
    let posted =
        world.as_service("POST", "/v1/users/bob/track", Some(json!({ "points": points }))).await;
    assert_eq!(posted.status, 200, "{posted:?}");
    let outcomes = posted.json["points"].as_array().expect("outcomes");
    assert_eq!((outcomes.len(), &outcomes[0]), (points.len(), &json!({ "kept": true })));
    for ((name, value, code), outcome) in wrong.iter().zip(&outcomes[1..]) {
        assert_eq!(
            (&outcome["kept"], &outcome["problem"]["code"]),
            (&json!(false), &json!(code)),
            "{name}: {value}"
        );
        let said = outcome["problem"]["detail"].as_str().expect("a sentence");
        assert!(said.contains(name), "{name}: {said}");
    }
    for outcome in &outcomes[1 + wrong.len()..points.len() - 1] {
        assert_eq!(outcome["problem"]["code"], "invalid_point", "{outcome}");
    }
    assert_eq!(outcomes.last(), Some(&json!({ "kept": true, "passed_over": ["mood"] })));
    let kept = world.as_service("GET", "/v1/users/bob/track", None).await.json;
    let kept: Vec<_> =
        kept["points"].as_array().expect("points").iter().map(|it| it["seq"].clone()).collect();
    assert_eq!(kept, [1, 3]);
}
