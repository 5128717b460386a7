use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use history_writer::limits::CHUNK_POINTS_MAX;
use history_writer::{
    Chunk, EmbeddedStore, History, Kept, Log, PUT_CHUNKS_MAX, Store, StoredChunk, UserKey,
};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::Outcome;
use crate::points::Phones;
use crate::world::{World, quantile};

/// Chunks that each user fills.
const CHUNKS_EACH: usize = 4;

/// So many users that each fills some chunks with about so many points.
fn phones(points: usize) -> Outcome<(Phones, usize)> {
    let each = CHUNK_POINTS_MAX * CHUNKS_EACH;
    let users = (points / each).max(1);
    Ok((Phones::new(users)?, users * each))
}

/// Points, each handed in alone, so many at a time, by the bare log.
pub(crate) async fn log(points: usize, batch: usize) -> Outcome<Value> {
    let world = World::new().await?;
    let (mut phones, points) = phones(points)?;
    let mut took = Duration::ZERO;
    for start in (0..points).step_by(batch) {
        let made: Vec<_> = (start..points.min(start + batch)).map(|_| phones.next()).collect();
        let started = Instant::now();
        let answers = made
            .iter()
            .map(|(at, point)| world.log.append(&phones.users[*at], std::slice::from_ref(point)));
        for answer in join_all(answers).await {
            answer?;
        }
        took += started.elapsed();
    }
    Ok(json!({ "points": points, "points_per_s": points as f64 / took.as_secs_f64() }))
}

/// The same through the handle, while chunks are made and stored; it ends when all are.
pub(crate) async fn history(points: usize, batch: usize) -> Outcome<Value> {
    let world = World::new().await?;
    let history = world.history().await?;
    let (mut phones, points) = phones(points)?;
    let mut took = Duration::ZERO;
    for start in (0..points).step_by(batch) {
        let made: Vec<_> = (start..points.min(start + batch)).map(|_| phones.next()).collect();
        let started = Instant::now();
        let answers = made
            .iter()
            .map(|(at, point)| history.keep(&phones.users[*at], std::slice::from_ref(point)));
        if join_all(answers).await.iter().any(|kept| *kept != Kept::Log) {
            return Err("a point isn't kept".into());
        }
        took += started.elapsed();
    }
    let started = Instant::now();
    world.stored().await;
    let acknowledged = points as f64 / took.as_secs_f64();
    took += started.elapsed();
    history.stop().await;
    let all = points as f64 / took.as_secs_f64();
    Ok(json!({ "points": points, "points_per_s": all, "acknowledged_per_s": acknowledged }))
}

/// One row a point in the store that has chunks, as many rows together as it takes.
pub(crate) async fn rows(points: usize) -> Outcome<Value> {
    let folder = TempDir::new()?;
    let store = EmbeddedStore::open(folder.path()).await?;
    let (mut phones, points) = phones(points)?;
    let key = UserKey::new([7; 32]);
    let mut took = Duration::ZERO;
    for start in (0..points).step_by(PUT_CHUNKS_MAX) {
        let made = (start..points.min(start + PUT_CHUNKS_MAX)).map(|_| phones.next());
        let made: Vec<_> = made.collect();
        let started = Instant::now();
        let rows = made.into_iter().filter_map(|(at, point)| {
            let chunk = Chunk::new(vec![point])?;
            Some(StoredChunk::seal(&chunk, &phones.users[at], &key))
        });
        store.put(&rows.collect::<Vec<_>>()).await?;
        took += started.elapsed();
    }
    store.close().await?;
    let file = folder.path().join("history.sqlite").metadata()?.len();
    let rate = points as f64 / took.as_secs_f64();
    Ok(
        json!({ "points": points, "points_per_s": rate, "bytes_per_point": file as f64 / points as f64 }),
    )
}

/// How long the bare log takes to answer, from the moment that a point was due.
pub(crate) async fn open_log(rate: f64, seconds: f64) -> Outcome<Value> {
    let world = World::new().await?;
    open_loop(&world, None, rate, seconds).await
}

/// How long the handle takes.
pub(crate) async fn open_history(rate: f64, seconds: f64) -> Outcome<Value> {
    let world = World::new().await?;
    let history = world.history().await?;
    let line = open_loop(&world, Some(&history), rate, seconds).await?;
    history.stop().await;
    Ok(line)
}

async fn open_loop(
    world: &World,
    history: Option<&History>,
    rate: f64,
    seconds: f64,
) -> Outcome<Value> {
    let total = (rate * seconds) as usize;
    let (mut phones, _) = phones(total)?;
    let taken = Arc::new(Mutex::new(Vec::with_capacity(total)));
    let started = Instant::now();
    let (mut sent, mut tasks) = (0, Vec::new());
    while sent < total {
        let due = ((started.elapsed().as_secs_f64() * rate) as usize).min(total);
        for n in sent..due {
            let (at, point) = phones.next();
            let (user, point) = (&phones.users[at], std::slice::from_ref(&point));
            let was_due = started + Duration::from_secs_f64(n as f64 / rate);
            let kept = if let Some(history) = history {
                history.keep(user, point)
            } else {
                let appended = world.log.append(user, point);
                let kept = |is_kept| if is_kept { Kept::Log } else { Kept::Memory };
                Box::pin(async move { kept(appended.await.is_ok()) })
            };
            let taken = Arc::clone(&taken);
            tasks.push(tokio::spawn(async move {
                if kept.await == Kept::Log {
                    taken.lock().push(was_due.elapsed().as_secs_f64() * 1e3);
                }
            }));
        }
        sent = due;
        tasks.retain(|task| !task.is_finished());
        sleep(Duration::from_millis(1)).await;
    }
    join_all(tasks).await;
    let mut taken = std::mem::take(&mut *taken.lock());
    taken.sort_unstable_by(f64::total_cmp);
    if taken.len() < total {
        return Err("a point isn't kept".into());
    }
    let quantiles = [0.5, 0.99, 0.999, 1.0].map(|share| quantile(&taken, share));
    let [median, p99, p999, longest] = quantiles;
    Ok(json!({
        "rate": rate, "points": total, "median_ms": median, "p99_ms": p99, "p999_ms": p999, "longest_ms": longest,
    }))
}
