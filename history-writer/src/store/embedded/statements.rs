use std::collections::BTreeSet;

use model::{Timestamp, UserId};
use serde::Serialize;
use sqlx::{Row, SqliteConnection};

use crate::Erasure;
use crate::store::StoredChunk;

/// Rows as a JSON array: one parameter for any number of them.
fn json(rows: &impl Serialize) -> String {
    serde_json::to_string(rows).expect("text and numbers become JSON")
}

/// Writes chunks in two statements, whatever their number: their bytes are one parameter, out of which each takes its piece.
pub(super) async fn put(
    connection: &mut SqliteConnection,
    chunks: &[StoredChunk],
) -> Result<(), sqlx::Error> {
    let users: BTreeSet<_> = chunks.iter().map(|chunk| chunk.user.as_str()).collect();
    let sql = "INSERT INTO users (id) SELECT value FROM json_each(?1) WHERE true
               ON CONFLICT (id) DO NOTHING";
    sqlx::query(sql).bind(json(&users)).execute(&mut *connection).await?;
    let mut bytes = Vec::with_capacity(chunks.iter().map(|it| it.sealed.bytes.len()).sum());
    let mut rows = Vec::with_capacity(chunks.len());
    for StoredChunk { user, sealed, last, received, points } in chunks {
        let place = sealed.place();
        // SQLite counts from 1.
        let (start, length) = (bytes.len() + 1, sealed.bytes.len());
        bytes.extend_from_slice(&sealed.bytes);
        let (first, digest) = (place.first.0, place.signed_digest());
        rows.push((user.as_str(), first, digest, last.0, received.0, points, start, length));
    }
    let sql = "INSERT INTO chunks (user, first_ms, digest, last_ms, received_ms, points, bytes)
               SELECT (SELECT number FROM users WHERE id = value ->> 0), value ->> 1, value ->> 2,
                      value ->> 3, value ->> 4, value ->> 5, substr(?2, value ->> 6, value ->> 7)
               FROM json_each(?1) WHERE true
               ON CONFLICT (user, first_ms, digest) DO NOTHING";
    sqlx::query(sql).bind(json(&rows)).bind(bytes).execute(connection).await?;
    Ok(())
}

/// Removes up to `limit` chunks; answers how many there were.
pub(super) async fn erase(
    connection: &mut SqliteConnection,
    user: &UserId,
    Erasure { range, erased_at }: Erasure,
    limit: usize,
) -> Result<usize, sqlx::Error> {
    let sql = "DELETE FROM chunks WHERE number IN (
                   SELECT number FROM chunks INDEXED BY chunk_places
                   WHERE user = (SELECT number FROM users WHERE id = ?1)
                         AND first_ms >= ?2 AND first_ms < ?3 AND last_ms < ?3 AND received_ms <= ?4
                   LIMIT ?5)
               RETURNING user";
    let query = sqlx::query(sql).bind(user.as_str()).bind(range.from.0).bind(range.to.0);
    let query = query.bind(erased_at.0).bind(limit as i64);
    let removed = query.fetch_all(&mut *connection).await?;
    drop_users(connection, &removed).await
}

/// Forgets up to `limit` chunks, the oldest first; answers how many there were.
pub(super) async fn forget(
    connection: &mut SqliteConnection,
    before: Timestamp,
    limit: usize,
) -> Result<usize, sqlx::Error> {
    let sql = "DELETE FROM chunks WHERE number IN (
                   SELECT number FROM chunks INDEXED BY chunk_ages
                   WHERE received_ms < ?1 ORDER BY received_ms LIMIT ?2)
               RETURNING user";
    let query = sqlx::query(sql).bind(before.0).bind(limit as i64);
    let removed = query.fetch_all(&mut *connection).await?;
    drop_users(connection, &removed).await
}

/// Drops whose last chunk was removed, so that not even their id is left; answers how many chunks were removed.
async fn drop_users(
    connection: &mut SqliteConnection,
    removed: &[sqlx::sqlite::SqliteRow],
) -> Result<usize, sqlx::Error> {
    let users: Result<BTreeSet<i64>, _> = removed.iter().map(|row| row.try_get("user")).collect();
    let sql = "DELETE FROM users WHERE number IN (SELECT value FROM json_each(?1))
               AND NOT EXISTS (SELECT 1 FROM chunks WHERE user = users.number)";
    sqlx::query(sql).bind(json(&users?)).execute(connection).await?;
    Ok(removed.len())
}
