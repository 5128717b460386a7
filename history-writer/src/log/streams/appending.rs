//! The task of a server that sends what waits there: all of it in one round, whose commands the server syncs together.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use redis::aio::MultiplexedConnection;
use tokio::time::{Instant, sleep, timeout_at};

use super::config::Config;
use super::entry;
use super::keys::Keys;
use super::queue::{Pending, Queue, Round};
use super::server::Server;
use crate::log::runs::Runs;
use crate::log::{LogError, count_refused};
use crate::{Survives, metrics};

const SCRIPT: &str = include_str!("scripts/append.lua");
/// The bytes of runs from which on they become an entry: what damage costs at most.
const ENTRY_BYTES: usize = 64 << 10;
/// How long to wait before a server that was away is tried again.
const AGAIN: Duration = Duration::from_millis(200);
/// How often a server is asked how it keeps what it answers, which can be changed while it runs.
const ASK_EVERY: Duration = Duration::from_secs(10);

/// One server as whoever appends sees it.
pub(super) struct Appender {
    pub(super) server: Server,
    pub(super) queue: Queue,
    keys: Keys,
    bytes_max: u64,
    patience: Duration,
    survives: AtomicU8,
}

/// A connection, with what the script is called there.
struct Link {
    connection: MultiplexedConnection,
    script: String,
    asked: Instant,
}

impl Appender {
    pub(super) fn new(server: Server, config: &Config) -> Arc<Self> {
        Arc::new(Self {
            server,
            queue: Queue::default(),
            keys: Keys::new(&config.key_prefix),
            bytes_max: config.stream_bytes_max,
            patience: Duration::from_millis(config.patience_ms),
            survives: AtomicU8::new(Survives::Process as u8),
        })
    }

    /// What survives that is answered now.
    pub(super) fn survives(&self) -> Survives {
        let now = self.survives.load(Ordering::Relaxed);
        let all = [Survives::LossOfHost, Survives::PowerCut];
        all.into_iter().find(|it| *it as u8 == now).unwrap_or(Survives::Process)
    }

    /// Goes on until the queue is closed and empty.
    pub(super) async fn run(self: Arc<Self>) {
        let mut link = self.link().await.ok();
        while let Some(Round { since, streams }) = self.queue.next().await {
            let deadline = since + self.patience;
            // Whoever waits may ask at once: all is in one message for the server, and syncs once.
            let sent = timeout_at(deadline, self.send(&mut link, &streams)).await;
            if let Ok(answers) = sent {
                for (pending, answer) in streams.into_iter().zip(answers) {
                    answered(pending, answer);
                }
                continue;
            }
            let name = self.server.name();
            let error =
                LogError::Unavailable(format!("redis {name} took no points in time").into());
            // What was sent may come through nonetheless: then it is stored though it was said to be in memory only.
            link = None;
            let waiting = self.queue.away(&error);
            for pending in streams.into_iter().chain(waiting) {
                answered(pending, Err(error.clone()));
            }
            while link.is_none() && !self.queue.is_closing() {
                sleep(AGAIN).await;
                link = self.link().await.ok();
            }
            self.queue.back();
        }
    }

    /// Sends points until the server has answered. What it had taken before a connection broke is sent again, and in the stream
    /// twice.
    async fn send(
        &self,
        link: &mut Option<Link>,
        streams: &[Pending],
    ) -> Vec<Result<u64, LogError>> {
        let entries: Vec<_> = streams.iter().map(|pending| encode(&pending.runs)).collect();
        let mut answers: Vec<Option<Result<u64, LogError>>> = vec![None; streams.len()];
        loop {
            let Some(linked) = link else {
                *link = self.link().await.ok();
                if link.is_none() {
                    sleep(AGAIN).await;
                }
                continue;
            };
            if linked.asked.elapsed() > ASK_EVERY && self.ask(linked).await.is_err() {
                *link = None;
                continue;
            }
            let started = Instant::now();
            let open = || (0..streams.len()).filter(|at| answers[*at].is_none());
            let linked = &*linked;
            let sent = open().map(|at| self.append(linked, streams[at].stream, &entries[at]));
            let heard = join_all(sent).await;
            let places: Vec<_> = open().collect();
            for (at, answer) in places.into_iter().zip(heard) {
                answers[at] = match answer {
                    Ok(0) => Some(Err(LogError::Full)),
                    Ok(first) => Some(Ok(first)),
                    Err(_) => None,
                };
            }
            ::metrics::histogram!(metrics::LOG_WRITE_DURATION).record(started.elapsed());
            if answers.iter().all(Option::is_some) {
                return answers.into_iter().flatten().collect();
            }
            *link = None;
            sleep(AGAIN).await;
        }
    }

    async fn append(
        &self,
        link: &Link,
        stream: u32,
        entries: &[(u32, Vec<u8>)],
    ) -> Result<u64, LogError> {
        let mut call = redis::cmd("EVALSHA");
        call.arg(&link.script).arg(2).arg(self.keys.stream(stream)).arg(self.keys.known(stream));
        call.arg(self.bytes_max);
        for (points, entry) in entries {
            call.arg(*points).arg(entry);
        }
        self.server.run_on(&call, &mut link.connection.clone()).await
    }

    async fn link(&self) -> Result<Link, LogError> {
        let mut connection = self.server.connect().await?;
        let mut load = redis::cmd("SCRIPT");
        load.arg("LOAD").arg(SCRIPT);
        let script = self.server.run_on(&load, &mut connection).await?;
        let mut link = Link { connection, script, asked: Instant::now() };
        self.ask(&mut link).await?;
        Ok(link)
    }

    /// Asks what survives.
    async fn ask(&self, link: &mut Link) -> Result<(), LogError> {
        let keeps = self.server.keeps(&mut link.connection).await?;
        link.asked = Instant::now();
        let before = self.survives.swap(keeps.survives as u8, Ordering::Relaxed);
        if before != keeps.survives as u8 && !keeps.flaws.is_empty() {
            let (server, flaws) = (self.server.name(), keeps.flaws.join("; "));
            tracing::warn!(
                server,
                flaws,
                "points of movement history aren't kept as well as they could be"
            );
        }
        Ok(())
    }
}

fn answered(pending: Pending, answer: Result<u64, LogError>) {
    match &answer {
        Ok(_) => ::metrics::counter!(metrics::LOG_POINTS).increment(pending.runs.points),
        Err(error) => count_refused(error, pending.runs.points),
    }
    pending.write.answer(answer);
}

/// Runs as entries, each with how many points it has.
fn encode(runs: &Runs) -> Vec<(u32, Vec<u8>)> {
    let (mut entries, mut start, mut summary) = (Vec::new(), 0, None);
    for (at, run) in runs.list.iter().enumerate() {
        let all = match summary {
            Some(before) => run.summary.with(before),
            None => run.summary,
        };
        summary = Some(all);
        if run.end - start >= ENTRY_BYTES || at + 1 == runs.list.len() {
            entries.push((all.points, entry::encode(all, &runs.bytes[start..run.end])));
            (start, summary) = (run.end, None);
        }
    }
    entries
}
