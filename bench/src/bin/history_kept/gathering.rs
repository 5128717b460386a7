use std::time::Instant;

use history_writer::{Chunking, ChunkingLimits, LogPosition, Logged};
use model::Monotonic;
use serde_json::{Value, json};

use crate::Outcome;
use crate::points::Phones;

/// Memory and time that points of so many users take while their chunks are open, so many of each.
pub(crate) fn open_points(users: usize, each: usize) -> Outcome<Value> {
    let mut phones = Phones::new(users)?;
    let points_open_max = users * each + 1;
    let limits =
        ChunkingLimits { points_open_max, chunks_open_max: users + 1, ..ChunkingLimits::default() };
    let mut chunking = Chunking::new(limits);
    let (before, started) = (resident_bytes()?, Instant::now());
    for position in 0..users * each {
        let (at, point) = phones.next();
        let (position, user) = (LogPosition(position as u64), phones.users[at].clone());
        chunking.add(Monotonic(0), Logged { position, user, point });
    }
    let took = started.elapsed().as_secs_f64();
    let used = resident_bytes()?.saturating_sub(before);
    let points = chunking.points_open();
    Ok(json!({
        "users": users, "points": points, "bytes_per_point": used as f64 / points as f64,
        "bytes_per_user": used as f64 / users as f64, "made_and_added_ns": took * 1e9 / points as f64,
    }))
}

/// What this process has in memory.
fn resident_bytes() -> Outcome<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")).ok_or("no VmRSS")?;
    Ok(kib.trim().parse::<u64>()? * 1_024)
}
