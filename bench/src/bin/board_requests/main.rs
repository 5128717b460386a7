//! Asks a service about a board, or posts scores to it, over some connections at once, each with one request after the other:
//! how many a second, and how long each takes. `bench/boards` says how to run it.

use std::error::Error;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use model::{Random, SeededRandom};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Barrier;

const USAGE: &str =
    "board_requests ADDRESS TOKEN rank|around|post EVENTS PLAYERS CONNECTIONS REQUESTS KEYS";

type Failure = Box<dyn Error + Send + Sync>;

/// What is asked, and by how many.
#[derive(Clone)]
struct Load {
    address: SocketAddr,
    token: String,
    kind: Kind,
    /// Events of a request that posts.
    events: u64,
    players: u64,
    connections: u64,
    requests: u64,
    /// What keys begin with, so that none was used before.
    keys: String,
}

#[derive(Clone, Copy)]
enum Kind {
    Rank,
    Around,
    Post,
}

#[tokio::main]
async fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let done = match Load::read(&words) {
        Some(load) => run(load).await,
        None => Err(USAGE.into()),
    };
    match done {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

impl Load {
    fn read(words: &[String]) -> Option<Self> {
        let [address, token, kind, events, players, connections, requests, keys] = words else {
            return None;
        };
        let kind = match kind.as_str() {
            "rank" => Kind::Rank,
            "around" => Kind::Around,
            "post" => Kind::Post,
            _ => return None,
        };
        Some(Self {
            address: address.parse().ok()?,
            token: token.clone(),
            kind,
            events: events.parse().ok()?,
            players: players.parse().ok()?,
            connections: connections.parse().ok()?,
            requests: requests.parse().ok()?,
            keys: keys.clone(),
        })
    }

    /// A request, the `n`th of a connection.
    fn request(&self, connection: u64, n: u64, random: &SeededRandom) -> String {
        let player = || format!("players-{:012}", random.next_u64() % self.players);
        let Self { address, token, .. } = self;
        let head = format!("Host: {address}\r\nAuthorization: Bearer {token}\r\n");
        let body = match self.kind {
            Kind::Rank => {
                return format!(
                    "GET /v1/scores/{}?board=b&around=0 HTTP/1.1\r\n{head}\r\n",
                    player()
                );
            }
            Kind::Around => {
                return format!(
                    "GET /v1/scores/{}?board=b&around=4 HTTP/1.1\r\n{head}\r\n",
                    player()
                );
            }
            Kind::Post => {
                let event = |k| {
                    let key = format!("{} {connection} {n} {k}", self.keys);
                    json!({ "key": key, "board": "b", "user": player(), "delta": 1 })
                };
                json!({ "events": (0..self.events).map(event).collect::<Vec<Value>>() }).to_string()
            }
        };
        let length = body.len();
        format!(
            "POST /v1/scores HTTP/1.1\r\n{head}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )
    }
}

async fn run(load: Load) -> Result<Value, Failure> {
    let ready = Arc::new(Barrier::new(load.connections as usize + 1));
    let each =
        (0..load.connections).map(|n| tokio::spawn(connection(load.clone(), n, ready.clone())));
    let each: Vec<_> = each.collect();
    ready.wait().await;
    let start = Instant::now();
    let mut latencies = Vec::new();
    for done in try_join_all(each).await? {
        latencies.extend(done?);
    }
    let seconds = start.elapsed().as_secs_f64();
    latencies.sort_unstable();
    let quantile = |part: f64| {
        let at = ((latencies.len() - 1) as f64 * part) as usize;
        latencies[at].as_micros() as f64 / 1_000.0
    };
    Ok(json!({
        "requests_per_s": (latencies.len() as f64 / seconds).round(),
        "events_per_s": (latencies.len() as f64 * load.events as f64 / seconds).round(),
        "p50_ms": quantile(0.5), "p99_ms": quantile(0.99),
    }))
}

/// What a connection asks is made before the time counts: the cores are the service's then.
async fn connection(
    load: Load,
    number: u64,
    start: Arc<Barrier>,
) -> Result<Vec<Duration>, Failure> {
    let mut stream = TcpStream::connect(load.address).await?;
    stream.set_nodelay(true)?;
    let random = SeededRandom::new(number);
    let count = load.requests / load.connections;
    let requests: Vec<String> = (0..count).map(|n| load.request(number, n, &random)).collect();
    let (mut latencies, mut answer) = (Vec::with_capacity(requests.len()), Vec::new());
    start.wait().await;
    for request in requests {
        let sent = Instant::now();
        stream.write_all(request.as_bytes()).await?;
        let body = read(&mut stream, &mut answer).await?;
        latencies.push(sent.elapsed());
        if !answer.starts_with(b"HTTP/1.1 200")
            || str::from_utf8(&answer[body..])?.contains(r#""problem""#)
        {
            return Err(String::from_utf8_lossy(&answer[..answer.len().min(600)]).into());
        }
    }
    Ok(latencies)
}

/// Reads one answer, whose head says how long it is; where its body begins.
async fn read(stream: &mut TcpStream, answer: &mut Vec<u8>) -> Result<usize, Failure> {
    answer.clear();
    loop {
        if stream.read_buf(answer).await? == 0 {
            return Err("the connection was closed".into());
        }
        let text = str::from_utf8(answer)?;
        let Some((head, rest)) = text.split_once("\r\n\r\n") else { continue };
        let (_, length) =
            head.split_once("content-length: ").ok_or("an answer without a length")?;
        let length = length.split_once('\r').map_or(length, |(length, _)| length);
        if rest.len() >= length.parse()? {
            return Ok(head.len() + 4);
        }
    }
}
