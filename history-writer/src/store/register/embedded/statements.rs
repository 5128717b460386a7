use model::{Timestamp, UserId};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection, SqlitePool};

use super::json::json;
use super::off;
use super::page::page;
use crate::store::register::{
    DeadLetter, ERASURES_MAX, REASON_BYTES_MAX, TooManyErasures, UserRecord,
};
use crate::{Bucket, Erasure, Erasures, KeyId, SealedChunk, StoredChunk, TimeRange};

/// Those who have a key, behind a user.
pub(super) async fn users(
    readers: &SqlitePool,
    after: Option<&UserId>,
    limit: usize,
) -> Result<Vec<UserId>, sqlx::Error> {
    let sql = "SELECT user FROM records
               WHERE wrapped_key IS NOT NULL AND user > ?1 ORDER BY user LIMIT ?2";
    page(readers, sql, after, limit).await
}

/// A user's erasures, as the JSON that [`records`] selects.
fn read_erasures(text: &str) -> Result<Erasures, sqlx::Error> {
    let rows: Vec<(i64, i64, i64)> = serde_json::from_str(text).map_err(sql::damaged)?;
    let erasure = |(from, to, erased)| Erasure {
        range: TimeRange { from: Timestamp(from), to: Timestamp(to) },
        erased_at: Timestamp(erased),
    };
    Ok(rows.into_iter().map(erasure).collect())
}

/// When the first of a user's dead letters begins, and behind the last point, as the JSON that [`records`] selects.
fn read_put_aside(text: &str) -> Result<Option<TimeRange>, sqlx::Error> {
    let (first, last): (Option<i64>, Option<i64>) =
        serde_json::from_str(text).map_err(sql::damaged)?;
    let range =
        |(first, last)| TimeRange { from: Timestamp(first), to: Timestamp(last).plus_ms(1) };
    Ok(first.zip(last).map(range))
}

const ERASURES: &str = "SELECT json_group_array(json_array(from_ms, to_ms, erased_ms))
    FROM erasures WHERE user = ?1";

/// One statement, and so one moment.
pub(super) async fn records(
    readers: &SqlitePool,
    users: &[UserId],
) -> Result<Vec<UserRecord>, sqlx::Error> {
    let users: Vec<_> = users.iter().map(UserId::as_str).collect();
    let sql = "SELECT wrapped_key,
                      (SELECT json_group_array(json_array(from_ms, to_ms, erased_ms))
                       FROM erasures WHERE user = wanted.value) AS erasures,
                      (SELECT json_group_array(json_array(since_ms, until_ms))
                       FROM off_stretches WHERE user = wanted.value) AS off_stretches,
                      (SELECT json_array(min(first_ms), max(last_ms))
                       FROM dead_letters WHERE user = wanted.value) AS put_aside
               FROM json_each(?1) AS wanted LEFT JOIN records ON records.user = wanted.value
               ORDER BY wanted.key";
    let found = sqlx::query(sql).bind(json(&users)).fetch_all(readers).await?;
    let record = |row: &SqliteRow| {
        Ok(UserRecord {
            wrapped_key: row.try_get("wrapped_key")?,
            erasures: read_erasures(row.try_get("erasures")?)?,
            put_aside: read_put_aside(row.try_get("put_aside")?)?,
            off_times: off::read(row.try_get("off_stretches")?)?,
        })
    };
    found.iter().map(record).collect()
}

/// Gives keys to those who have none; answers those that they have.
pub(super) async fn make_keys(
    connection: &mut SqliteConnection,
    keys: &[(UserId, Vec<u8>)],
) -> Result<Vec<Vec<u8>>, sqlx::Error> {
    let mut bytes = Vec::new();
    let mut rows = Vec::with_capacity(keys.len());
    for (user, key) in keys {
        // SQLite counts from 1.
        rows.push((user.as_str(), bytes.len() + 1, key.len()));
        bytes.extend_from_slice(key);
    }
    let rows = json(&rows);
    let sql = "INSERT INTO records (user, wrapped_key)
               SELECT value ->> 0, substr(?2, value ->> 1, value ->> 2)
               FROM json_each(?1) WHERE true
               ON CONFLICT (user)
                   DO UPDATE SET wrapped_key = coalesce(wrapped_key, excluded.wrapped_key)";
    sqlx::query(sql).bind(&rows).bind(bytes).execute(&mut *connection).await?;
    let sql = "SELECT wrapped_key FROM json_each(?1) AS wanted
               JOIN records ON records.user = wanted.value ->> 0 ORDER BY wanted.key";
    sqlx::query_scalar(sql).bind(&rows).fetch_all(connection).await
}

/// Goes from one to the next in the index, so that it takes no longer the more users there are.
pub(super) async fn wrapping_keys(readers: &SqlitePool) -> Result<Vec<KeyId>, sqlx::Error> {
    let sql = "SELECT substr(wrapped_key, 2, 4) AS id FROM records
               WHERE wrapped_key IS NOT NULL AND substr(wrapped_key, 2, 4) > ?1
               ORDER BY id LIMIT 1";
    let mut found: Vec<KeyId> = Vec::new();
    loop {
        let last = found.last().map_or(&[][..], |KeyId(id)| &id[..]);
        let next: Option<Vec<u8>> =
            sqlx::query_scalar(sql).bind(last).fetch_optional(readers).await?;
        let Some(next) = next else { return Ok(found) };
        let id = next.try_into().map_err(|_| sql::damaged("a wrapped key that is too short"))?;
        found.push(KeyId(id));
    }
}

/// The caller undoes the transaction if there are too many.
pub(super) async fn erase(
    connection: &mut SqliteConnection,
    user: &UserId,
    erasure: Erasure,
) -> Result<Result<(), TooManyErasures>, sqlx::Error> {
    let erasures = add(connection, user, erasure).await?;
    Ok(if erasures > ERASURES_MAX { Err(TooManyErasures) } else { Ok(()) })
}

/// Whatever the number of erasures: everything is gone that was received until then.
pub(super) async fn erase_all(
    connection: &mut SqliteConnection,
    user: &UserId,
    erased_at: Timestamp,
) -> Result<(), sqlx::Error> {
    // Pages are overwritten, not only marked as free.
    sqlx::raw_sql("PRAGMA secure_delete = ON").execute(&mut *connection).await?;
    add(connection, user, Erasure { range: TimeRange::ALL, erased_at }).await?;
    let sql = "UPDATE records SET wrapped_key = NULL WHERE user = ?1";
    sqlx::query(sql).bind(user.as_str()).execute(&mut *connection).await?;
    // Nothing can open them any more.
    let sql = "DELETE FROM dead_letters WHERE user = ?1";
    sqlx::query(sql).bind(user.as_str()).execute(connection).await?;
    Ok(())
}

/// Adds an erasure to the user's and drops the dead letters that are erased in whole; answers how many erasures there are.
async fn add(
    connection: &mut SqliteConnection,
    user: &UserId,
    erasure: Erasure,
) -> Result<usize, sqlx::Error> {
    let stored: String =
        sqlx::query_scalar(ERASURES).bind(user.as_str()).fetch_one(&mut *connection).await?;
    let mut erasures = read_erasures(&stored)?;
    erasures.add(erasure);
    let sql = "DELETE FROM erasures WHERE user = ?1";
    sqlx::query(sql).bind(user.as_str()).execute(&mut *connection).await?;
    let rows: Vec<_> =
        erasures.iter().map(|it| (it.range.from.0, it.range.to.0, it.erased_at.0)).collect();
    let sql = "INSERT INTO erasures SELECT ?1, value ->> 0, value ->> 1, value ->> 2
               FROM json_each(?2)";
    sqlx::query(sql).bind(user.as_str()).bind(json(&rows)).execute(&mut *connection).await?;
    let sql = "DELETE FROM dead_letters WHERE user = ?1
               AND first_ms >= ?2 AND last_ms < ?3 AND received_ms <= ?4";
    let query = sqlx::query(sql).bind(user.as_str()).bind(erasure.range.from.0);
    let query = query.bind(erasure.range.to.0).bind(erasure.erased_at.0);
    query.execute(connection).await?;
    Ok(rows.len())
}

/// When anything was erased, turned off or on last.
pub(super) async fn newest_change(readers: &SqlitePool) -> Result<Option<Timestamp>, sqlx::Error> {
    let sql = "SELECT max(at_ms) FROM (
                   SELECT max(erased_ms) AS at_ms FROM erasures
                   UNION ALL SELECT max(until_ms) FROM off_stretches WHERE until_ms IS NOT NULL
                   UNION ALL SELECT max(since_ms) FROM off_stretches WHERE until_ms IS NULL)";
    let newest: Option<i64> = sqlx::query_scalar(sql).fetch_one(readers).await?;
    Ok(newest.map(Timestamp))
}

/// Keeps it if there are fewer than so many; says whether.
pub(super) async fn put_aside(
    connection: &mut SqliteConnection,
    letter: &DeadLetter,
    most: usize,
) -> Result<bool, sqlx::Error> {
    let DeadLetter { chunk: StoredChunk { user, sealed, last, received, points }, reason, at } =
        letter;
    let reason = &reason[..reason.floor_char_boundary(REASON_BYTES_MAX)];
    let sql = "INSERT INTO dead_letters
                   (user, first_ms, last_ms, received_ms, points, bytes, reason, at_ms)
               SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8
               WHERE (SELECT count(*) FROM dead_letters) < ?9";
    let query = sqlx::query(sql).bind(user.as_str()).bind(sealed.first.0).bind(last.0);
    let query = query.bind(received.0).bind(points).bind(sealed.bytes.as_slice());
    let query = query.bind(reason).bind(at.0).bind(most as i64);
    Ok(query.execute(connection).await?.rows_affected() > 0)
}

pub(super) async fn dead_letters(
    readers: &SqlitePool,
    limit: usize,
) -> Result<Vec<DeadLetter>, sqlx::Error> {
    let sql = "SELECT * FROM dead_letters ORDER BY number LIMIT ?1";
    let found = sqlx::query(sql).bind(limit as i64).fetch_all(readers).await?;
    let letter = |row: &SqliteRow| {
        let first = Timestamp(row.try_get("first_ms")?);
        let chunk = StoredChunk {
            user: UserId::parse(row.try_get("user")?).map_err(sql::damaged)?,
            sealed: SealedChunk { bucket: Bucket::at(first), first, bytes: row.try_get("bytes")? },
            last: Timestamp(row.try_get("last_ms")?),
            received: Timestamp(row.try_get("received_ms")?),
            points: row.try_get("points")?,
        };
        let at = Timestamp(row.try_get("at_ms")?);
        Ok(DeadLetter { chunk, reason: row.try_get("reason")?, at })
    };
    found.iter().map(letter).collect()
}
