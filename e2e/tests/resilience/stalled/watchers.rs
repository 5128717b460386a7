use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use e2e::process::Process;
use e2e::{Frame, LISBON, Person};
use model::Role;
use serde_json::Value;
use simulation::resident_memory;
use socket2::{Domain, Socket, Type};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::movers::{Scale, Sent, prepare, walk, watcher};

/// What the test asks of the kernel for those who won't read; it takes some more.
const RECEIVE_BUFFER_BYTES: usize = 4 * 1024;

/// Who watches and reads on.
pub(crate) const READERS: usize = 3;

pub(crate) fn told(message: &Value) -> impl Iterator<Item = &Value> {
    ["came", "moved"].into_iter().filter_map(|name| message[name].as_array()).flatten()
}

/// Which step of which mover this is.
pub(crate) fn which(friend: &Value) -> (usize, usize) {
    let id = friend["id"].as_str().and_then(|id| id.strip_prefix("mover-"));
    let mover = id.and_then(|n| n.parse().ok()).expect("a mover's id");
    (mover, friend["altitude_m"].as_f64().expect("an altitude") as usize)
}

/// What a watcher got who read all the time.
pub(crate) struct Heard {
    bytes: usize,
    latencies_us: Vec<u64>,
}

/// Reads until the end is announced, and then all that is still to come.
pub(crate) async fn read_on(
    mut person: Person,
    sent: Arc<Sent>,
    mut end: watch::Receiver<bool>,
) -> Heard {
    let mut heard = Heard { bytes: 0, latencies_us: Vec::new() };
    let before = person.heard.len();
    loop {
        tokio::select! {
            frame = person.next() => {
                let Frame::Message(message) = frame else { panic!("{frame:?}") };
                heard.bytes += message.to_string().len();
                for (mover, step) in told(&message).map(which).filter(|(_, step)| *step > 0) {
                    let sent_us = sent.at(mover, step).load(Ordering::Relaxed);
                    heard.latencies_us.push(sent.now_us().saturating_sub(sent_us));
                }
            }
            _ = end.wait_for(|ended| *ended) => break,
        }
    }
    person.settle().await;
    assert_sees_truth(&person, &sent);
    let types: Vec<_> = person.heard[before..].iter().filter_map(|m| m["type"].as_str()).collect();
    assert!(!types.contains(&"degraded") && !types.contains(&"gap"), "others must not notice");
    heard
}

/// Every mover at their last step.
pub(crate) fn assert_sees_truth(person: &Person, sent: &Sent) {
    assert_eq!(person.friends.len(), sent.movers());
    let behind = person.friends.values().map(which).filter(|(_, step)| *step != sent.last_step());
    assert_eq!(behind.count(), 0, "of {} movers' last positions", sent.movers());
}

/// Connects with a small receive buffer, says where it is and hears all there is; after that it reads nothing.
pub(crate) async fn connect_narrow(address: SocketAddr, token: &str) -> Person {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES).expect("a smaller buffer");
    socket.connect(&address.into()).expect("the node listens");
    socket.set_nonblocking(true).expect("a socket");
    let stream = TcpStream::from_std(socket.into()).expect("a socket");
    let mut person = Person::try_over(stream, Some(token)).await.expect("a WebSocket");
    person.await_snapshot().await;
    person.at(LISBON).await;
    person.settle().await;
    person
}

pub(crate) struct Outcome {
    pub(crate) bytes: usize,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) grown_bytes: u64,
    pub(crate) stalled: Vec<Person>,
    pub(crate) movers: Vec<Person>,
    pub(crate) sent: Arc<Sent>,
}

/// Everybody moves; so many watchers read nothing of it, and some everything.
pub(crate) async fn watch_walk(
    process: &Process,
    scale: Scale,
    stalled: usize,
    steps: usize,
) -> Outcome {
    let movers = prepare(process, scale, READERS + stalled).await;
    let sent = Arc::new(Sent::new(scale.movers, steps));
    let (end, ended) = watch::channel(false);
    let mut reading = Vec::new();
    for n in 0..READERS {
        let mut person = process.connect(&watcher(n)).await;
        person.at(LISBON).await;
        person.settle().await;
        reading.push(tokio::spawn(read_on(person, sent.clone(), ended.clone())));
    }
    let mut narrow = Vec::new();
    for n in READERS..READERS + stalled {
        let token = process.token(&watcher(n), Role::User);
        narrow.push(connect_narrow(process.address(), &token).await);
    }
    let before = resident_memory(process.id()).expect("Linux tells");
    let movers = walk(movers, &sent).await;
    let after = resident_memory(process.id()).expect("Linux tells");
    end.send(true).expect("readers listen");
    let mut heard = Vec::new();
    for reading in reading {
        heard.push(reading.await.expect("a reader that got everything"));
    }
    let mut latencies: Vec<_> = heard.iter().flat_map(|h| h.latencies_us.iter().copied()).collect();
    latencies.sort_unstable();
    let quantile = |q: f64| latencies[(latencies.len() as f64 * q) as usize] as f64 / 1_000.0;
    Outcome {
        bytes: heard.iter().map(|h| h.bytes).min().expect("a reader"),
        p50_ms: quantile(0.5),
        p99_ms: quantile(0.99),
        grown_bytes: after.saturating_sub(before),
        stalled: narrow,
        movers,
        sent,
    }
}
