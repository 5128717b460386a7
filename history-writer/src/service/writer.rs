pub(super) mod each_log;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::{ErrorChain, crash};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::{Deps, Shared};
use crate::{
    Chunk, Chunking, ClosedChunk, DeadLetter, LogPosition, LogReader, PUT_CHUNKS_MAX, StoreError,
    StoredChunk, USERS_MAX, crash_points, metrics,
};

/// How many points are read from the log at once.
const POINTS_READ: usize = 8_192;
/// How many chunks are stored together.
const CHUNKS_PUT: usize = 256;
const _: () = assert!(CHUNKS_PUT <= PUT_CHUNKS_MAX && CHUNKS_PUT <= USERS_MAX);
/// How long points are left to gather once all were read. Reading takes a hundred microseconds of CPU, however few there are, and
/// a log is written hundreds of times a second.
const GATHER: Duration = Duration::from_millis(50);
/// How long to wait for points before chunks are looked at that may have grown old.
const LOOK: Duration = Duration::from_secs(1);
/// How long the end may take, in which all is stored.
const FINISH_MAX: Duration = Duration::from_secs(5);
/// How often chunks are sealed anew at once because a key has changed meanwhile.
const TRIES_MAX: usize = 8;
/// The pause after the first failure; it doubles with each further one.
const RETRY_MS_MIN: u64 = 100;
/// The longest pause, of which up to a half is left out at random.
const RETRY_MS_MAX: u64 = 30_000;

/// Reads a log, makes chunks of it and stores them.
pub(super) struct Writer {
    shared: Arc<Shared>,
    log: Arc<dyn LogReader>,
    chunking: Chunking,
    at: LogPosition,
    /// What is to be stored next; none of it is stored yet, or all that was is known not to matter.
    next: Vec<ClosedChunk>,
    /// How many points were read last.
    read: usize,
    failures: u32,
    /// Those of the store after which everything was read again.
    outages: u64,
    /// What it has told of open chunks and of their points.
    measured: (usize, usize),
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, log: Arc<dyn LogReader>) -> Self {
        let Deps { chunking, store, .. } = &shared.deps;
        let (chunking, at, outages) =
            (Chunking::new(*chunking), log.replay_from(), store.outages());
        let next = Vec::new();
        Self { shared, log, chunking, at, next, read: 0, failures: 0, outages, measured: (0, 0) }
    }

    /// Goes on until it is stopped. Where others share the store, all is stored then. What isn't stored then is read from the log at the next start.
    pub(super) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow_and_update() {
            let turn = self.turn().await;
            self.shared.faults.heard_store(turn.as_ref().err());
            let pause = match turn {
                Ok(true) if self.read >= POINTS_READ => continue,
                Ok(true) => GATHER,
                Ok(false) => LOOK,
                Err(error) => {
                    tracing::warn!(error = %ErrorChain(&error), "movement history can't be stored now");
                    self.pause()
                }
            };
            let points = async {
                if pause == LOOK {
                    self.log.wait(self.at).await;
                } else {
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                () = points => {}
                () = sleep(pause) => {}
                _ = stop.changed() => {}
            }
        }
        if self.shared.deps.shared_logs.is_some() {
            match timeout(FINISH_MAX, self.finish()).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::warn!(error = %ErrorChain(&error), "what waits is stored when this log is opened again");
                }
                Err(_) => tracing::warn!("what waits is stored when this log is opened again"),
            }
        }
    }

    /// Stores all that the log has.
    pub(super) async fn finish(&mut self) -> Result<(), StoreError> {
        while self.turn().await? {}
        self.chunking.close_all();
        self.turn().await.map(|_| ())
    }

    /// Reads some, stores what is closed, and tells the log what it may forget. Answers whether there is more to do at once.
    /// After an error the same is tried again.
    pub(super) async fn turn(&mut self) -> Result<bool, StoreError> {
        let shared = Arc::clone(&self.shared);
        let (Deps { clock, store, .. }, log) = (&shared.deps, Arc::clone(&self.log));
        let outages = store.outages();
        if outages != self.outages {
            let rewound = log.rewind().await;
            self.at = rewound.map_err(|error| StoreError::unavailable(error.to_string()))?;
            self.chunking = Chunking::new(shared.deps.chunking);
            self.next.clear();
            self.outages = outages;
        }
        // Nothing more is read while what was can't be stored: memory is bounded by one reading.
        self.store_closed().await?;
        let batch = log.read(self.at, POINTS_READ).await;
        let batch = batch.map_err(|error| StoreError::unavailable(error.to_string()))?;
        let now = clock.now().monotonic;
        self.read = batch.points.len();
        for logged in batch.points {
            self.chunking.add(now, logged);
        }
        self.at = batch.next;
        self.chunking.close_aged(now);
        self.measure((self.chunking.chunks_open(), self.chunking.points_open()));
        self.store_closed().await?;
        if let Some(mark) = self.chunking.checkpoint() {
            let forgotten = log.forget(mark).await;
            forgotten.map_err(|error| StoreError::unavailable(error.to_string()))?;
        }
        self.failures = 0;
        Ok(self.read > 0)
    }

    /// Stores all chunks that are closed.
    async fn store_closed(&mut self) -> Result<(), StoreError> {
        loop {
            while self.next.len() < CHUNKS_PUT
                && let Some(closed) = self.chunking.next_closed()
            {
                self.next.push(closed);
            }
            if self.next.is_empty() {
                return Ok(());
            }
            let shared = Arc::clone(&self.shared);
            let tickets: Vec<_> = self.next.iter().map(|it| it.ticket).collect();
            // A key that was destroyed meanwhile would take points with it that came after what was erased.
            let mut tries = 0;
            while !store(&shared, &self.next).await? {
                tries += 1;
                if tries == TRIES_MAX {
                    return Err(StoreError::unavailable("keys of users change all the time"));
                }
            }
            crash::point(crash_points::CHUNKS_STORED);
            self.next.clear();
            for ticket in tickets {
                self.chunking.stored(ticket);
            }
        }
    }

    /// Tells what is open, beside what the writers of other logs have told.
    fn measure(&mut self, open: (usize, usize)) {
        let (chunks, points) = std::mem::replace(&mut self.measured, open);
        ::metrics::gauge!(metrics::CHUNKS_OPEN).increment(open.0 as f64 - chunks as f64);
        ::metrics::gauge!(metrics::POINTS_OPEN).increment(open.1 as f64 - points as f64);
    }

    fn pause(&mut self) -> Duration {
        let longest = (RETRY_MS_MIN << self.failures.min(16)).min(RETRY_MS_MAX);
        self.failures += 1;
        ::metrics::counter!(metrics::STORE_RETRIES).increment(1);
        let left_out = self.shared.deps.random.next_u64() % (longest / 2 + 1);
        Duration::from_millis(longest - left_out)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.measure((0, 0));
    }
}

/// Stores chunks, without what was erased, came while their users wanted no history or is older than is kept. Answers whether
/// their keys are still what they were.
async fn store(shared: &Shared, closed: &[ClosedChunk]) -> Result<bool, StoreError> {
    let Shared { deps, records, .. } = shared;
    let started = Instant::now();
    let users: BTreeSet<_> = closed.iter().map(|it| it.user.clone()).collect();
    let users: Vec<_> = users.into_iter().collect();
    let known = records.read(deps, &users).await?;
    let known: BTreeMap<_, _> = users.iter().cloned().zip(known).collect();
    let since = deps.kept_since();
    let counting = closed.iter().filter_map(|it| {
        let record = &known.get(&it.user)?.record;
        let points = it.chunk.points().iter();
        let points = points.filter(|point| point.received >= since && record.counts(point));
        Some((&it.user, Chunk::new(points.cloned().collect())?))
    });
    let chunks: Vec<_> = counting.collect();
    let owners: BTreeSet<_> = chunks.iter().map(|(user, _)| (*user).clone()).collect();
    let with_chunks = known.into_iter().filter(|(user, _)| owners.contains(user));
    let keyed = shared.with_keys(&with_chunks.collect::<Vec<_>>()).await?;
    let mut sealed = Vec::with_capacity(chunks.len());
    for (user, chunk) in &chunks {
        if let Some(key) =
            keyed.get(*user).map(|known| known.key(deps, user)).transpose()?.flatten()
        {
            sealed.push(StoredChunk::seal(chunk, user, key));
        }
    }
    put(shared, &sealed).await?;
    measure(&sealed, started);
    let owners: Vec<_> = owners.into_iter().collect();
    let now = records.read(deps, &owners).await?;
    for (user, now) in owners.iter().zip(&now) {
        let is_same = keyed.get(user).map(|known| deps.have_one_key(user, known, now));
        if !is_same.unwrap_or(Ok(true))? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn measure(stored: &[StoredChunk], started: Instant) {
    ::metrics::counter!(metrics::CHUNKS).increment(stored.len() as u64);
    for chunk in stored {
        ::metrics::histogram!(metrics::CHUNK_POINTS).record(f64::from(chunk.points));
    }
    ::metrics::histogram!(metrics::STORE_DURATION).record(started.elapsed());
}

/// Stores chunks; what the store can't take at all is put aside.
async fn put(shared: &Shared, chunks: &[StoredChunk]) -> Result<(), StoreError> {
    let store = &shared.deps.store;
    if chunks.is_empty() {
        return Ok(());
    }
    match store.put(chunks).await {
        Err(error) if !error.is_unavailable() => {}
        answer => return answer,
    }
    for chunk in chunks {
        match store.put(std::slice::from_ref(chunk)).await {
            Err(error) if !error.is_unavailable() => put_aside(shared, chunk, &error).await?,
            answer => answer?,
        }
    }
    Ok(())
}

async fn put_aside(
    shared: &Shared,
    chunk: &StoredChunk,
    error: &StoreError,
) -> Result<(), StoreError> {
    let Deps { register, clock, .. } = &shared.deps;
    let reason = ErrorChain(error).to_string();
    tracing::error!(reason, "a chunk of movement history can't be stored, and is put aside");
    let letter = DeadLetter { chunk: chunk.clone(), reason, at: clock.now().wall };
    let aside = register.put_aside(&letter).await;
    shared.records.forget(&chunk.user);
    if aside.is_ok() {
        ::metrics::counter!(metrics::DEAD_LETTERS).increment(1);
    }
    aside
}
