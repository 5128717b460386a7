//! What isn't a page is read as it is taken, and breaks off where it can't go on.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Body;
use history_writer::{
    ChunkPlace, Direction, EmbeddedStore, Erasure, SealedChunk, Store, StoreAnswer, StoreError,
    StoredChunk, TimeRange,
};
use http::{Method, header};
use http_body_util::BodyExt;
use model::{Timestamp, UserId};
use tokio::sync::watch;
use tokio::time::timeout;

use super::sandbox::Sandbox;

/// A store that counts what is read and stored, and may be away.
pub(crate) struct CountingStore {
    store: EmbeddedStore,
    chunks_read: AtomicUsize,
    chunks_stored: watch::Sender<usize>,
    is_away: watch::Sender<bool>,
}

impl CountingStore {
    pub(crate) fn new(store: EmbeddedStore) -> Self {
        let (chunks_stored, is_away) = (watch::Sender::new(0), watch::Sender::new(false));
        Self { store, chunks_read: AtomicUsize::new(0), chunks_stored, is_away }
    }

    /// Waits until so many chunks were stored.
    pub(crate) async fn stored(&self, chunks: usize) {
        let mut stored = self.chunks_stored.subscribe();
        let waiting = stored.wait_for(|stored| *stored >= chunks);
        timeout(Duration::from_mins(1), waiting).await.expect("stored in time").expect("open");
    }
}

impl Store for CountingStore {
    fn put<'a>(&'a self, chunks: &'a [StoredChunk]) -> StoreAnswer<'a, ()> {
        Box::pin(async {
            self.store.put(chunks).await?;
            self.chunks_stored.send_modify(|stored| *stored += chunks.len());
            Ok(())
        })
    }

    fn chunks<'a>(
        &'a self,
        user: &'a UserId,
        starts: TimeRange,
        direction: Direction,
        after: Option<ChunkPlace>,
        limit: usize,
    ) -> StoreAnswer<'a, Vec<SealedChunk>> {
        Box::pin(async move {
            if *self.is_away.borrow() {
                return Err(StoreError::unavailable("away"));
            }
            let chunks = self.store.chunks(user, starts, direction, after, limit).await?;
            self.chunks_read.fetch_add(chunks.len(), Ordering::Relaxed);
            Ok(chunks)
        })
    }

    fn erase<'a>(&'a self, user: &'a UserId, erasure: Erasure) -> StoreAnswer<'a, ()> {
        self.store.erase(user, erasure)
    }

    fn forget(&self, received_before: Timestamp, limit: usize) -> StoreAnswer<'_, usize> {
        self.store.forget(received_before, limit)
    }
}

/// Chunks of a track that is many parts long.
const CHUNKS: usize = 300;
const SECONDS: i64 = CHUNKS as i64 * 60;

async fn long_track() -> Sandbox {
    let world = Sandbox::new().await;
    world.keep("ann", 0..SECONDS).await;
    world.stored(CHUNKS - 1).await;
    world.store.chunks_read.store(0, Ordering::Relaxed);
    world
}

/// The next bytes; `None` at the end.
async fn frame(body: &mut Body) -> Option<Result<String, axum::Error>> {
    let frame = body.frame().await?;
    let data = frame.map(|frame| frame.into_data().expect("data").to_vec());
    Some(data.map(|bytes| String::from_utf8(bytes).expect("UTF-8")))
}

#[tokio::test]
async fn no_more_is_read_than_is_taken() {
    let world = long_track().await;
    let ann = world.user("ann");
    let response = ann.respond(Method::GET, "me/track", Some("text/csv"), None).await;
    let mut body = response.into_body();
    let read = || world.store.chunks_read.load(Ordering::Relaxed);
    let mut lines = 0;
    let mut parts = 0;
    let mut before = read();
    // Two readings of chunks for a part at most.
    assert!(before <= CHUNKS / 2, "{before} chunks for the first part");
    while let Some(part) = frame(&mut body).await {
        let part = part.expect("goes on");
        assert!(part.len() < 1_000_000, "{} bytes at once", part.len());
        lines += part.lines().count();
        parts += 1;
        tokio::task::yield_now().await;
        let now = read();
        assert!(now - before <= CHUNKS / 2, "{} chunks for a part", now - before);
        before = now;
    }
    assert_eq!(lines as i64, SECONDS + 1, "all points and a head");
    assert!(parts > 5, "{parts} parts");
}

#[tokio::test]
async fn what_can_not_go_on_breaks_off() {
    let world = long_track().await;
    for accept in ["text/csv", "application/x-ndjson", "application/gpx+xml"] {
        let ann = world.user("ann");
        let response = ann.respond(Method::GET, "me/track", Some(accept), None).await;
        assert_eq!(response.status(), 200);
        assert!(!response.headers().contains_key(header::CONTENT_LENGTH));
        let mut body = response.into_body();
        frame(&mut body).await.expect("a part").expect("good");
        world.store.is_away.send_replace(true);
        let broken = loop {
            match frame(&mut body).await {
                Some(Ok(_)) => {}
                other => break other,
            }
        };
        assert!(broken.expect("not the end").is_err(), "{accept}");
        world.store.is_away.send_replace(false);
    }
}

#[tokio::test]
async fn a_store_that_is_away_from_the_beginning_is_said_to_be() {
    let world = long_track().await;
    world.store.is_away.send_replace(true);
    let ann = world.user("ann");
    let page = ann.get("me/track").await;
    let body = page.ok(200);
    assert_eq!(body["incomplete"], true);
    assert_eq!(body["incomplete_because"], serde_json::json!(["store_away"]));
    for accept in ["text/csv", "application/x-ndjson"] {
        let answer = ann.get_as(accept, "me/track").await;
        assert_eq!(answer.headers["x-incomplete"], "store_away");
    }
    let summary = ann.get("me/track/summary").await.ok(200);
    assert_eq!(
        (&summary["incomplete"], &summary["incomplete_because"][0]),
        (&true.into(), &"store_away".into())
    );
}

#[tokio::test]
async fn a_long_track_comes_whole_in_either_order() {
    let world = long_track().await;
    for (order, first) in [("asc", 0), ("desc", SECONDS - 1)] {
        let path = format!("me/track?order={order}");
        let answer = world.user("ann").get_as("application/x-ndjson", &path).await;
        let mut lines: Vec<serde_json::Value> =
            answer.text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let end = lines.pop().expect("an end");
        assert_eq!(end["incomplete"], false);
        let mut seconds = super::sandbox::seconds(&lines);
        assert_eq!(seconds[0], first);
        seconds.sort_unstable();
        assert!(seconds.into_iter().eq(0..SECONDS), "{order}");
    }
}
