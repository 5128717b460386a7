//! A node that goes away.

use std::time::{Duration, Instant};

use e2e::process::{Home, Process};
use e2e::{Frame, LISBON, Person, Sandbox, north_of};
use model::Role;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

const WINDOW_MS: u64 = 3_000;

/// How much later than announced something may happen on a busy machine.
const LATE_MS_MAX: u64 = 1_000;

fn home() -> Home {
    Home::new(&format!("[gateway]\ndrain_window_ms = {WINDOW_MS}\n"))
}

/// Somebody hears the warning, and is closed; when both happened.
async fn leave(mut person: Person) -> (Instant, Instant, Value) {
    let warning = person.hear(|m| m["type"] == "drain").await;
    let warned = Instant::now();
    let end = person.end().await;
    assert!(matches!(&end, Frame::Closed(1012, _)), "{end:?}");
    (warned, Instant::now(), warning)
}

#[tokio::test]
async fn everybody_is_warned_and_closed_spread_over_the_window() {
    let home = home();
    let process = home.start().await;
    let mut people = Vec::new();
    for n in 0..40 {
        people.push(process.connect(&format!("person-{n}")).await);
    }
    let asked = Instant::now();
    process.terminate();
    let leaving: Vec<_> = people.into_iter().map(|person| tokio::spawn(leave(person))).collect();
    let mut after_ms = Vec::new();
    for left in leaving {
        let (warned, closed, warning) = left.await.expect("nobody is cut off");
        let told_ms = warning["closes_in_ms"].as_u64().expect("a time");
        assert!((1..=WINDOW_MS).contains(&told_ms), "{warning}");
        let warned_ms = warned.duration_since(asked).as_millis() as u64;
        assert!(warned_ms < LATE_MS_MAX, "warned after {warned_ms} ms");
        let stayed_ms = closed.duration_since(warned).as_millis() as u64;
        assert!(stayed_ms < told_ms + LATE_MS_MAX, "told {told_ms} ms, closed after {stayed_ms}");
        after_ms.push(closed.duration_since(asked).as_millis() as u64);
    }
    after_ms.sort_unstable();
    let (first, last) = (after_ms[0], after_ms[after_ms.len() - 1]);
    assert!(first > WINDOW_MS / 8, "time to read the warning: {after_ms:?}");
    // 40 moments out of three quarters of the window: all in a third of it is as good as impossible.
    assert!(last - first > WINDOW_MS / 4, "spread: {after_ms:?}");
    let ended = process.ended().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[tokio::test]
async fn while_it_goes_it_lets_nobody_in_and_says_so() {
    let home = home();
    let process = home.start().await;
    assert_eq!(process.request("GET", "/ready").await.status, 200);
    let mut alice = process.connect("alice").await;
    process.terminate();
    alice.hear(|m| m["type"] == "drain").await;
    let ready = process.request("GET", "/ready").await;
    assert_eq!((ready.status, &ready.json["draining"]), (503, &json!(true)));
    assert_eq!(process.request("GET", "/live").await.status, 204);
    let token = process.token("bob", Role::User);
    let refused = Person::try_connect(process.address(), Some(&token)).await;
    let refusal = refused.err().expect("a refusal");
    assert_eq!(refusal.status(), 503);
    assert!(refusal.headers().contains_key("retry-after"), "{refusal:?}");
    alice.end().await;
    let address = process.address();
    assert_eq!(process.ended().await.code, Some(0));
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn what_was_acknowledged_before_is_told_before_the_end() {
    let home = home();
    let process = home.start().await;
    let (mut alice, mut bob) = befriended(&process).await;
    alice.at(LISBON).await;
    // Alice reads nothing of this until the node goes.
    bob.at(north_of(LISBON, 700.0)).await;
    process.terminate();
    bob.hear(|m| m["type"] == "drain").await;
    alice.end().await;
    let distance_m = alice.friends["bob"]["distance_m"].as_f64().expect("bob was told");
    assert!((690.0..710.0).contains(&distance_m));
    bob.end().await;
    assert_eq!(process.ended().await.code, Some(0));
}

#[tokio::test]
async fn life_goes_on_between_the_warning_and_the_close() {
    let home = home();
    let process = home.start().await;
    let (mut alice, mut bob) = befriended(&process).await;
    alice.at(LISBON).await;
    process.terminate();
    for person in [&mut alice, &mut bob] {
        person.hear(|m| m["type"] == "drain").await;
    }
    bob.at(LISBON).await;
    alice.settle().await;
    assert!(alice.friends.contains_key("bob"));
    alice.end().await;
    bob.end().await;
    assert_eq!(process.ended().await.code, Some(0));
}

#[tokio::test]
async fn clients_that_do_not_answer_and_requests_that_do_not_end_hold_it_up_only_so_long() {
    let home = home();
    let process = home.start().await;
    let _reads_nothing = process.connect("alice").await;
    let mut half = TcpStream::connect(process.address()).await.expect("it listens");
    half.write_all(b"GET /live HTTP/1.1\r\nHost: ").await.expect("a connection");
    let asked = Instant::now();
    process.terminate();
    let ended = process.ended().await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    // The window, a grace for sessions (2 s), one for requests (5 s), and half a second for the rest.
    let most = Duration::from_millis(WINDOW_MS + 7_500 + LATE_MS_MAX);
    assert!(asked.elapsed() < most, "after {:?}", asked.elapsed());
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    let home = Home::new("[gateway]\ndrain_window_ms = 60000\n");
    let process = home.start().await;
    let mut alice = process.connect("alice").await;
    process.terminate();
    alice.hear(|m| m["type"] == "drain").await;
    process.terminate();
    let ended = process.ended().await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.log.contains("stopped before all clients were told"), "{}", ended.log);
}

#[tokio::test]
async fn without_clients_it_is_gone_at_once() {
    let home = Home::new("[gateway]\ndrain_window_ms = 60000\n");
    let process = home.start().await;
    process.terminate();
    assert_eq!(process.ended().await.code, Some(0));
}

#[tokio::test]
async fn a_node_in_this_process_goes_as_well() {
    let mut world = Sandbox::with(|config| config.gateway.drain_window_ms = 500).await;
    let people = [world.connect("alice").await, world.connect("bob").await];
    let leaving = people.map(|person| tokio::spawn(leave(person)));
    world.drain().await;
    for left in leaving {
        left.await.expect("nobody is cut off");
    }
    assert!(TcpStream::connect(world.address()).await.is_err(), "nobody listens any more");
}

async fn befriended(process: &Process) -> (Person, Person) {
    process.user("alice").await;
    process.user("bob").await;
    process.befriend("alice", "bob").await;
    (process.connect("alice").await, process.connect("bob").await)
}

#[tokio::test]
async fn a_log_that_nobody_reads_any_more_keeps_nobody_from_going() {
    // A pipe whose reader has gone: writing to it fails.
    let script = r#"f=$(mktemp -u) && mkfifo "$f" && { : <"$f" & } && exec 2>"$f" && wait && rm "$f" && exec "$@""#;
    let home = home();
    let process = home.start_in_shell(script).await;
    let mut alice = process.connect("alice").await;
    assert_eq!(process.request("GET", "/v1/nothing").await.status, 404);
    process.terminate();
    alice.hear(|m| m["type"] == "drain").await;
    alice.end().await;
    assert_eq!(process.ended().await.code, Some(0));
}
