//! One client can't keep all others out, however many connections it opens.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use e2e::process::{Home, Process};
use e2e::raw::{Raw, Request};
use e2e::{LISBON, Person};
use futures_util::future::join_all;
use model::Role;
use serde_json::json;
use server::files;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const SILENT: usize = 4_000;
const MUTE: usize = 1_050;

/// How many times it is looked how long an answer takes: one look may fall into something else that the machine does.
const LOOKS: usize = 9;

const LIVE_MAX: Duration = Duration::from_millis(100);
const NEWCOMER_MAX: Duration = Duration::from_secs(1);
const LINES_PER_S_MAX: f64 = 100.0;

async fn median<F: Future>(look: impl Fn() -> F) -> Duration {
    let mut times = Vec::new();
    for _ in 0..LOOKS {
        let began = Instant::now();
        look().await;
        times.push(began.elapsed());
    }
    times.sort_unstable();
    times[LOOKS / 2]
}

async fn live(address: SocketAddr) {
    let mut raw = Raw::connect(address).await;
    raw.send(&Request::new("GET", "/live").encode()).await;
    assert_eq!(raw.response().await.expect("an answer").status, 204);
}

/// As a browser does, which can't send a header.
async fn newcomer(process: &Process, user: &str) -> Person {
    let mut person = Person::connect_anonymously(process.address()).await;
    person.send(&json!({ "type": "auth", "token": process.token(user, Role::User) })).await;
    person.await_snapshot().await;
    person
}

/// Asks for what isn't there, as fast as one connection can.
async fn refused(address: SocketAddr, requests: usize) {
    let stream = TcpStream::connect(address).await.expect("the node listens");
    let (mut reading, mut writing) = stream.into_split();
    let answers = tokio::spawn(async move {
        let mut answers = Vec::new();
        reading.read_to_end(&mut answers).await
    });
    let request = "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n".repeat(requests);
    // It may lose its place in the midst of it.
    let _ = writing.write_all(request.as_bytes()).await;
    let _ = writing.shutdown().await;
    let _ = answers.await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_silent_connections_and_mute_websockets_keep_nobody_out() {
    files::raise_limit();
    let home = Home::new("");
    let process = home.start().await;
    let address = process.address();
    for user in ["alice", "bob"] {
        process.user(user).await;
    }
    let mut alice = process.connect("alice").await;
    let began = Instant::now();
    let silent = join_all((0..SILENT).map(|_| TcpStream::connect(address))).await;
    let mut mute = Vec::new();
    while mute.len() < MUTE {
        mute.extend(join_all((0..50).map(|_| Raw::upgrade(address, None))).await);
    }
    // It goes on while others come.
    let attack = tokio::spawn(async move {
        let mut more = Vec::new();
        loop {
            more.push((TcpStream::connect(address).await, Raw::upgrade(address, None).await));
            if more.len() > SILENT {
                more.clear();
            }
        }
    });
    let refusals = tokio::spawn(refused(address, 20_000));
    assert!(median(|| live(process.operations())).await < LIVE_MAX);
    assert!(median(|| live(address)).await < LIVE_MAX);
    assert!(median(|| newcomer(&process, "bob")).await < NEWCOMER_MAX);
    // Who was there before notices nothing.
    alice.at(LISBON).await;
    let _ = refusals.await;
    let lines = process.log().lines().count() as f64;
    let rate = lines / began.elapsed().as_secs_f64();
    assert!(rate < LINES_PER_S_MAX, "{rate} lines a second");
    assert!(process.metrics().await.contains("whereabouts_http_crowded_out_total"));
    attack.abort();
    drop((silent, mute));
}
