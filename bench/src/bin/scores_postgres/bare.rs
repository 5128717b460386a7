use std::time::Instant;

use model::{Random, SeededRandom};
use sqlx::{Connection, PgConnection};

use crate::{Outcome, player};

const LOG: &str = "INSERT INTO bare.changes
    (board, position, season, user_id, what, shown, score, reached, amount, producer, key, at_ms, part)
    SELECT 1, position, 0, user_id, 'changed', true, score, position, 1, 'game', key, 1700000000000, 0
    FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[], $5::bytea[])
        AS row (position, user_id, score, key, result)";

const ALL: &str = "WITH appended AS (INSERT INTO bare.changes
    (board, position, season, user_id, what, shown, score, reached, amount, producer, key, at_ms, part)
    SELECT 1, position, 0, user_id, 'changed', true, score, position, 1, 'game', key, 1700000000000, 0
    FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[], $5::bytea[])
        AS row (position, user_id, score, key, result)
    ), remembered AS (INSERT INTO bare.keys
    SELECT 'game', key, 1700000000000, repeat('x', 33)::bytea, result
    FROM unnest($4::text[], $5::bytea[]) AS row (key, result)
    ) INSERT INTO bare.entries SELECT DISTINCT ON (user_id) 1, 0, user_id, score, position
    FROM unnest($1::bigint[], $2::text[], $3::bigint[]) AS row (position, user_id, score)
    ON CONFLICT (board, season, user_id)
        DO UPDATE SET score = excluded.score, reached = excluded.reached";

/// Inserts rows as our batches would make them, and prints what that took.
pub(crate) async fn run(
    url: &str,
    has_all: bool,
    (events, batches, players): (usize, usize, usize),
) -> Outcome<()> {
    let mut connection = PgConnection::connect(url).await?;
    let tables = "CREATE SCHEMA IF NOT EXISTS bare;
        CREATE TABLE IF NOT EXISTS bare.changes (LIKE leaderboard.changes INCLUDING ALL);
        CREATE TABLE IF NOT EXISTS bare.entries (LIKE leaderboard.entries INCLUDING ALL)
            WITH (fillfactor = 80);
        CREATE TABLE IF NOT EXISTS bare.keys (LIKE leaderboard.keys INCLUDING ALL);
        SET enable_seqscan = off; SET jit = off";
    sqlx::raw_sql(tables).execute(&mut connection).await?;
    let asked = sqlx::query_scalar("SELECT coalesce(max(position), 0) FROM bare.changes");
    let mut position: i64 = asked.fetch_one(&mut connection).await?;
    let random = SeededRandom::new(1);
    let mut all = Vec::with_capacity(batches);
    for _ in 0..batches {
        let positions: Vec<i64> = (position + 1..).take(events).collect();
        let users: Vec<String> =
            positions.iter().map(|_| player(random.next_u64() as usize % players)).collect();
        let keys: Vec<String> = positions.iter().map(|it| format!("17000000000-{it}")).collect();
        position += events as i64;
        all.push((positions, users, keys));
    }
    let started = Instant::now();
    for (positions, users, keys) in all {
        let results = vec![vec![1_u8; 12]; positions.len()];
        let insert = sqlx::query(if has_all { ALL } else { LOG });
        let insert = insert.bind(&positions).bind(users).bind(&positions).bind(keys).bind(results);
        insert.execute(&mut connection).await?;
    }
    let seconds = started.elapsed().as_secs_f64();
    println!(r#"{{"events_per_s": {:.0}}}"#, (events * batches) as f64 / seconds);
    Ok(())
}
