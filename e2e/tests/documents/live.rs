//! Every kind of message comes over a real socket, as described.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use e2e::{Frame, LISBON, Person, Place, Sandbox, north_of};
use model::{Clock, Role, SystemClock};
use serde_json::{Value, json};
use tokio::net::TcpSocket;
use ws_gateway::protocol::{ErrorWord, REPLY_TYPES};

use super::contract::Contract;
use super::faulty::Faulty;

/// How long a write must be stuck here for the client to count as slow.
const STUCK_MS: u64 = 200;

#[tokio::test]
async fn every_message_comes_and_is_as_described() {
    let contract = Contract::read();
    let mut heard = Vec::new();
    for people in [
        company(&contract).await,
        stranger(&contract).await,
        silence(&contract).await,
        slow_reader(&contract).await,
        faults(&contract).await,
        player(&contract).await,
        farewell().await,
    ] {
        heard.extend(people.into_iter().flat_map(|person| person.heard));
    }
    for message in &heard {
        contract.assert(message);
    }
    let all = |name: &str| heard.iter().filter_map(|m| m[name].as_str()).collect::<BTreeSet<_>>();
    assert_eq!(all("type"), REPLY_TYPES.into_iter().collect());
    assert_eq!(all("error"), ErrorWord::ALL.iter().map(|word| word.as_str()).collect());
    let acks = heard.iter().filter(|m| m["type"] == "ack");
    let reasons: BTreeSet<_> = acks.filter_map(|ack| ack["reason"].as_str()).collect();
    assert_eq!(reasons, ["ahead", "older", "repeated", "too_old"].into());
    for list in ["came", "moved", "distances", "left"] {
        assert!(heard.iter().any(|m| m["type"] == "push" && m[list].is_array()), "{list}");
    }
    let told: Vec<_> = heard.iter().filter_map(|m| m["left"].as_array()).flatten().collect();
    for reason in ["far", "gone"] {
        assert!(told.iter().any(|left| left["reason"] == reason), "{reason}");
    }
}

/// Says something that is as described, and waits for this kind of answer.
async fn ask(contract: &Contract, person: &mut Person, message: Value, answer: &str) -> Value {
    contract.assert(&message);
    person.send(&message).await;
    person.hear(|m| m["type"] == answer).await
}

fn fix(seq: u64, place: Place) -> Value {
    let (latitude, longitude) = place;
    json!({
        "type": "fix", "device": "phone", "seq": seq, "latitude": latitude,
        "longitude": longitude,
    })
}

fn with(mut message: Value, fields: &Value) -> Value {
    let fields = fields.as_object().expect("an object").clone();
    message.as_object_mut().expect("an object").extend(fields);
    message
}

fn now_ms() -> i64 {
    SystemClock::start().now().wall.0
}

/// Four friends who come, move and leave, seen on two connections.
async fn company(contract: &Contract) -> Vec<Person> {
    let world = Sandbox::with(|config| config.gateway.changes_per_message_max = 2).await;
    for friend in ["bob", "carol", "dave", "erin"] {
        world.befriend("alice", friend).await;
    }
    let mut alice = world.connect("alice").await;
    let everything = json!({
        "accuracy_m": 4.5, "altitude_m": -3, "speed_mps": 1.25, "heading_deg": 360,
        "battery_percent": null, "time_ms": now_ms() - 1_000,
    });
    let ack = ask(contract, &mut alice, with(fix(1, LISBON), &everything), "ack").await;
    assert_eq!(ack["shown"], true);
    let mut friends = Vec::new();
    for friend in ["bob", "carol", "dave", "erin"] {
        let mut person = world.connect(friend).await;
        ask(contract, &mut person, fix(1, north_of(LISBON, 100.0)), "ack").await;
        alice.expect_near(friend).await;
        friends.push(person);
    }
    // Alice's own places: distances change; a second phone of hers hears where she is.
    let mut tablet = world.connect("alice").await;
    assert_eq!(tablet.types()[1..4], ["position", "snapshot", "snapshot"]);
    ask(contract, &mut alice, fix(2, north_of(LISBON, 50.0)), "ack").await;
    tablet.hear(|m| m["type"] == "position" && m["latitude"] != LISBON.0).await;
    alice.expect(|friends| friends["bob"]["distance_m"].as_f64().is_some_and(|m| m < 60.0)).await;
    // A friend moves, one goes far away, one signs off, one is a friend no more.
    let told = with(fix(2, north_of(LISBON, 200.0)), &everything);
    ask(contract, &mut friends[0], told, "ack").await;
    ask(contract, &mut friends[1], fix(2, north_of(LISBON, 50_000.0)), "ack").await;
    let sign_off = json!({ "type": "sign_off", "device": "phone" });
    ask(contract, &mut friends[2], sign_off, "signed_off").await;
    world.part("alice", "erin").await;
    alice.expect(|friends| friends.len() == 1).await;
    let radius = json!({ "radius_m": 2_000 });
    let answer = world.as_user("alice", "PUT", "/v1/users/me/radius", Some(radius)).await;
    assert!(answer.status < 300, "{answer:?}");
    alice.hear(|m| m["type"] == "radius").await;
    late_fixes(contract, &mut alice).await;
    friends.extend([alice, tablet]);
    friends
}

/// Fixes that aren't shown, each for another reason.
async fn late_fixes(contract: &Contract, alice: &mut Person) {
    let hour_ms = 3_600_000;
    let at = |seq, time_ms| with(fix(seq, LISBON), &json!({ "time_ms": time_ms }));
    for (message, reason) in [
        (fix(2, LISBON), json!("repeated")),
        (at(3, now_ms() - hour_ms), json!("too_old")),
        (at(4, now_ms() + hour_ms), json!("ahead")),
        (at(5, now_ms() - 60_000), json!("older")),
    ] {
        let ack = ask(contract, alice, message, "ack").await;
        assert_eq!((&ack["shown"], &ack["reason"]), (&json!(false), &reason));
    }
    let batch = json!({
        "type": "fixes", "device": "phone", "fixes": [
            { "seq": 6, "latitude": 1, "longitude": 2, "time_ms": now_ms() - hour_ms },
            { "seq": 7, "latitude": LISBON.0, "longitude": LISBON.1 },
        ],
    });
    let ack = ask(contract, alice, batch, "ack").await;
    assert_eq!((&ack["seq"], &ack["shown"]), (&json!(7), &json!(true)));
    let kept = ask(contract, alice, json!({ "type": "keep", "device": "phone" }), "kept").await;
    assert_eq!(kept["located"], true);
}

/// Somebody who authenticates in the first message, and then makes every mistake; somebody who doesn't.
async fn stranger(contract: &Contract) -> Vec<Person> {
    let world = Sandbox::with(|config| {
        config.gateway.batch_fixes_max = 2;
        config.gateway.fixes_burst = 2;
        config.gateway.fixes_per_s = 1;
    })
    .await;
    let auth = json!({ "type": "auth", "token": world.token("alice", Role::User) });
    let ping = json!({ "type": "ping", "id": 1_u64 << 53 });
    let mut alice = world.connect_anonymously().await;
    ask(contract, &mut alice, auth.clone(), "welcome").await;
    alice.await_snapshot().await;
    let kept = ask(contract, &mut alice, json!({ "type": "keep", "device": "d" }), "kept").await;
    assert_eq!(kept["located"], false);
    ask(contract, &mut alice, ping.clone(), "pong").await;
    let later = world.token_for("alice", Role::User, 7_200);
    ask(contract, &mut alice, json!({ "type": "renew", "token": later }), "renewed").await;
    // Well said, and refused.
    let item = json!({ "seq": 1, "latitude": 1, "longitude": 2 });
    let batch =
        |count| json!({ "type": "fixes", "device": "d", "fixes": vec![item.clone(); count] });
    for (message, word) in [
        (auth, "already_authenticated"),
        (json!({ "type": "renew", "token": "x" }), "invalid_token"),
        (batch(3), "too_many_fixes"),
    ] {
        assert_eq!(ask(contract, &mut alice, message, "error").await["error"], word);
    }
    ask(contract, &mut alice, batch(2), "ack").await;
    assert_eq!(ask(contract, &mut alice, batch(2), "error").await["error"], "rate_limited");
    // Badly said.
    for (text, word) in [
        ("[]", "invalid_json"),
        (r#"{"type":"ping"}"#, "invalid_message"),
        (r#"{"type":"dance"}"#, "unknown_type"),
        (r#"{"type":"fix","device":"d","seq":2,"latitude":91,"longitude":2}"#, "invalid_fix"),
    ] {
        let message = serde_json::from_str(text).expect("JSON");
        assert!(contract.check(&message).is_err(), "{text}");
        alice.send_text(text).await;
        assert_eq!(alice.hear(|m| m["type"] == "error").await["error"], word);
    }
    let mut nobody = world.connect_anonymously().await;
    ask(contract, &mut nobody, ping, "error").await;
    assert!(matches!(nobody.end().await, Frame::Closed(4500, _)));
    vec![alice, nobody]
}

/// Somebody whose position outlives its TTL.
async fn silence(contract: &Contract) -> Vec<Person> {
    let world = Sandbox::with(|config| config.gateway.ttl_ms = 1_000).await;
    let mut alice = world.connect("alice").await;
    ask(contract, &mut alice, fix(1, LISBON), "ack").await;
    alice.hear(|m| m["type"] == "unlocated").await;
    vec![alice]
}

/// Somebody who reads nothing for a while, in the middle of many friends, while another phone of theirs moves.
async fn slow_reader(contract: &Contract) -> Vec<Person> {
    let world = Sandbox::with(|config| {
        config.gateway.stuck_degrade_ms = STUCK_MS;
        config.gateway.unsent_bytes_max = 4_096;
        config.gateway.fixes_per_s = 1_000;
        config.gateway.messages_per_s = 1_000;
        config.gateway.bytes_per_s = 1_000_000;
    })
    .await;
    for n in 0..40 {
        let friend = format!("friend-{n}");
        world.befriend("alice", &friend).await;
        world.connect(&friend).await.at(LISBON).await;
    }
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(1).expect("the least that there is");
    let stream = socket.connect(world.address()).await.expect("the node listens");
    let token = world.token("alice", Role::User);
    let mut slow = Person::try_over(stream, Some(&token)).await.expect("a WebSocket");
    slow.await_snapshot().await;
    let mut other = world.connect("alice").await;
    let mut seq = 0;
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(4 * STUCK_MS) {
        seq += 1;
        let place = north_of(LISBON, (seq % 500) as f64);
        // With the push comes the end of a tick: that is often enough.
        ask(contract, &mut other, fix(seq, place), "push").await;
    }
    slow.hear(|m| m["type"] == "degraded").await;
    while !slow.types().contains(&"recovered") {
        slow.settle().await;
    }
    vec![slow, other]
}

/// Somebody whose gateway loses its bus and its store.
async fn faults(contract: &Contract) -> Vec<Person> {
    let gateway = Faulty::start().await;
    let mut alice = Person::connect(gateway.address, &gateway.token).await;
    alice.await_snapshot().await;
    ask(contract, &mut alice, fix(1, LISBON), "ack").await;
    gateway.flood();
    alice.hear(|m| m["type"] == "relations_unknown").await;
    gateway.gap();
    alice.hear(|m| m["type"] == "gap").await;
    alice.await_snapshot().await;
    let watch = json!({ "type": "watch_board", "board": "weekly" });
    ask(contract, &mut alice, watch, "board").await;
    gateway.fail_board(true);
    alice.hear(|m| m["type"] == "board_gap").await;
    gateway.fail_board(false);
    alice.hear(|m| m["type"] == "board").await;
    gateway.fail_writes(true);
    let keep = json!({ "type": "keep", "device": "phone" });
    for message in [fix(2, LISBON), keep] {
        assert_eq!(ask(contract, &mut alice, message, "error").await["error"], "unavailable");
    }
    gateway.fail_writes(false);
    ask(contract, &mut alice, fix(3, LISBON), "ack").await;
    vec![alice]
}

/// Somebody who watches how they do on boards.
async fn player(contract: &Contract) -> Vec<Person> {
    let world = Sandbox::with(|config| config.gateway.boards_max = 1).await;
    let rules = json!({ "wins": "high", "operator": "sum" });
    let made = world.as_service("PUT", "/v1/boards/weekly", Some(rules)).await;
    assert_eq!(made.status, 201, "{made:?}");
    let mut alice = world.connect("alice").await;
    let watch = |board: &str| json!({ "type": "watch_board", "board": board, "around": 1 });
    ask(contract, &mut alice, watch("weekly"), "board").await;
    let event = json!({ "key": "1", "board": "weekly", "user": "alice", "delta": 5 });
    assert_eq!(world.as_service("POST", "/v1/scores", Some(event)).await.status, 200);
    let push = alice.hear(|m| m["type"] == "board_push").await;
    assert_eq!(push["place"], 1);
    ask(contract, &mut alice, watch("other"), "error").await;
    let unwatch = json!({ "type": "unwatch_board", "board": "weekly" });
    ask(contract, &mut alice, unwatch, "board_closed").await;
    ask(contract, &mut alice, watch("other"), "board_closed").await;
    vec![alice]
}

/// Somebody whose server goes away.
async fn farewell() -> Vec<Person> {
    let mut world = Sandbox::with(|config| config.gateway.drain_window_ms = 100).await;
    let mut alice = world.connect("alice").await;
    let leaving = async {
        alice.hear(|m| m["type"] == "drain").await;
        assert!(matches!(alice.end().await, Frame::Closed(1012, _)));
    };
    tokio::join!(world.drain(), leaving);
    vec![alice]
}
