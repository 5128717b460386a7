use std::hint::black_box;
use std::time::Instant;

use futures_util::future::join_all;
use history_writer::embedded::Config;
use history_writer::{
    Direction, History, Kept, TimeRange, Track, TrackFormat, TrackQuery, TrackWriter,
};
use model::{Timestamp, UserId};
use serde_json::{Value, json};

use crate::Outcome;
use crate::points::{Phones, START};
use crate::world::{World, quantile};

const USERS: usize = 50;
/// A day of a point every 30 s.
const DAY_POINTS: usize = 2_880;
const DAYS: usize = 7;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// Points of each user that are handed in together: half an hour's.
const TURN_POINTS: usize = 60;
/// How often a day is read while it is warm.
const READS: usize = 500;
/// Points of a page of the export.
const PAGE_POINTS: usize = 4_096;

pub(crate) async fn run() -> Outcome<Value> {
    // What is stored leaves memory by segments, of which one lasts ten minutes; and isn't read again when the handle is opened again.
    let config = Config { segment_bytes_max: 32 << 10, forget_after_ms: 0, ..Config::default() };
    let world = World::with_log(config).await?;
    let history = world.history().await?;
    let mut phones = Phones::new(USERS)?;
    for _ in 0..DAYS * DAY_POINTS / TURN_POINTS {
        let mut turn = vec![Vec::new(); USERS];
        for _ in 0..TURN_POINTS * USERS {
            let (at, point) = phones.next();
            turn[at].push(point);
        }
        let answers =
            turn.iter().zip(&phones.users).map(|(points, user)| history.keep(user, points));
        if join_all(answers).await.iter().any(|kept| *kept != Kept::Log) {
            return Err("a point isn't kept".into());
        }
    }
    world.stored().await;
    history.stop().await;
    drop(history);
    let history = world.history().await?;
    let mut cold: Vec<f64> = Vec::new();
    for user in &phones.users {
        cold.push(day(&history, user).await?);
    }
    let mut warm = Vec::new();
    for _ in 0..READS {
        warm.push(day(&history, &phones.users[0]).await?);
    }
    cold.sort_unstable_by(f64::total_cmp);
    warm.sort_unstable_by(f64::total_cmp);
    let exported = export(&history, &phones.users).await?;
    history.stop().await;
    Ok(json!({
        "day_points": DAY_POINTS, "cold_ms": quantile(&cold, 0.5), "warm_ms": quantile(&warm, 0.5),
        "warm_p99_ms": quantile(&warm, 0.99), "csv_points_per_s": exported,
    }))
}

/// Reads the second day, milliseconds.
async fn day(history: &History, user: &UserId) -> Outcome<f64> {
    let range = TimeRange { from: Timestamp(START + DAY_MS), to: Timestamp(START + 2 * DAY_MS) };
    let started = Instant::now();
    let Track { page, incomplete, .. } = history.track(user, query(range)).await?;
    let took = started.elapsed().as_secs_f64() * 1e3;
    if page.points.len().abs_diff(DAY_POINTS) > 1 || !incomplete.is_empty() {
        return Err(format!("{} points, and lacks {incomplete:?}", page.points.len()).into());
    }
    Ok(took)
}

/// Writes all that users have as CSV, page by page; points a second.
async fn export(history: &History, users: &[UserId]) -> Outcome<f64> {
    let (started, mut points) = (Instant::now(), 0);
    for user in users {
        let mut writer = TrackWriter::new(TrackFormat::Csv, user.clone());
        let (mut out, mut query) = (Vec::new(), query(TimeRange::ALL));
        writer.begin(&mut out);
        loop {
            let page = history.track(user, query.clone()).await?.page;
            points += page.points.len();
            page.points.iter().for_each(|point| writer.point(point, &mut out));
            black_box(&out);
            out.clear();
            query.after = page.next;
            if query.after.is_none() {
                break;
            }
        }
    }
    Ok(points as f64 / started.elapsed().as_secs_f64())
}

fn query(range: TimeRange) -> TrackQuery {
    TrackQuery { range, direction: Direction::Ascending, limit: PAGE_POINTS, after: None }
}
