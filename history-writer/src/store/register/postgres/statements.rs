use std::collections::{BTreeMap, HashMap};

use model::{Timestamp, UserId};
use sql::damaged;
use sql::postgres::Readers;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use super::marks;
use crate::{
    Bucket, DEAD_LETTERS_MAX, DeadLetter, ERASURES_MAX, Erasure, Erasures, KeyId, OffStretch,
    OffTimes, REASON_BYTES_MAX, SealedChunk, StoredChunk, TimeRange, TooManyErasures, UserRecord,
};

fn read_erasures(row: &PgRow) -> Result<Erasures, sqlx::Error> {
    let numbers: Option<Vec<i64>> = row.try_get("erasures")?;
    let numbers = numbers.unwrap_or_default();
    let (pieces, _) = numbers.as_chunks::<3>();
    let erasure = |[from, to, erased]: &[i64; 3]| Erasure {
        range: TimeRange { from: Timestamp(*from), to: Timestamp(*to) },
        erased_at: Timestamp(*erased),
    };
    Ok(pieces.iter().map(erasure).collect())
}

fn read_off_times(row: &PgRow) -> Result<OffTimes, sqlx::Error> {
    let numbers: Option<Vec<Option<i64>>> = row.try_get("off_times")?;
    let numbers = numbers.unwrap_or_default();
    let (pairs, _) = numbers.as_chunks::<2>();
    let stretches = pairs.iter().filter_map(|[since, until]| {
        Some(OffStretch { since: Timestamp((*since)?), until: until.map(Timestamp) })
    });
    Ok(stretches.collect())
}

pub(super) fn read_user(row: &PgRow) -> Result<UserId, sqlx::Error> {
    UserId::parse(row.try_get("user_id")?).map_err(damaged)
}

/// One statement, and so one moment.
pub(super) async fn records(
    readers: &Readers,
    users: &[UserId],
) -> Result<Vec<UserRecord>, sqlx::Error> {
    let users: Vec<_> = users.iter().map(UserId::as_str).collect();
    let sql = "SELECT wrapped_key, erasures, off_times, first_ms, last_ms
               FROM unnest($1::text[]) WITH ORDINALITY AS wanted (id, place)
               LEFT JOIN history.users ON user_id = wanted.id
               LEFT JOIN LATERAL (
                   SELECT min(first_ms) AS first_ms, max(last_ms) AS last_ms
                   FROM history.dead_letters AS letters WHERE letters.user_id = wanted.id
               ) AS put_aside ON true
               ORDER BY place";
    let record = |row: &PgRow| {
        let first: Option<i64> = row.try_get("first_ms")?;
        let last: Option<i64> = row.try_get("last_ms")?;
        let put_aside = first.zip(last).map(|(first, last)| TimeRange {
            from: Timestamp(first),
            to: Timestamp(last).plus_ms(1),
        });
        Ok(UserRecord {
            wrapped_key: row.try_get("wrapped_key")?,
            erasures: read_erasures(row)?,
            off_times: read_off_times(row)?,
            put_aside,
        })
    };
    readers.fetch_all(sqlx::query(sql).bind(users)).await?.iter().map(record).collect()
}

/// Gives keys to those who have none; answers those that they have, in the order of the users. `None` if a key was destroyed
/// meanwhile.
pub(super) async fn make_keys(
    connection: &mut PgConnection,
    keys: &[(UserId, Vec<u8>)],
) -> Result<Option<Vec<Vec<u8>>>, sqlx::Error> {
    // Each user once, in an order that is the same for all, so that no two calls wait for each other.
    let mut firsts = BTreeMap::new();
    for (user, key) in keys {
        firsts.entry(user.as_str()).or_insert(key.as_slice());
    }
    let (users, firsts): (Vec<_>, Vec<_>) = firsts.into_iter().unzip();
    let sql = r#"INSERT INTO history.users AS known (user_id, wrapped_key)
                 SELECT id, key FROM unnest($1::text[], $2::bytea[]) AS given (id, key)
                 ORDER BY id COLLATE "C"
                 ON CONFLICT (user_id) DO UPDATE SET wrapped_key = excluded.wrapped_key
                 WHERE known.wrapped_key IS NULL"#;
    sqlx::query(sql).bind(&users).bind(firsts).execute(&mut *connection).await?;
    let sql = "SELECT user_id, wrapped_key FROM history.users
               WHERE user_id = ANY ($1) AND wrapped_key IS NOT NULL";
    let mut held = HashMap::with_capacity(users.len());
    for row in sqlx::query(sql).bind(users).fetch_all(connection).await? {
        held.insert(read_user(&row)?, row.try_get::<Vec<u8>, _>("wrapped_key")?);
    }
    Ok(keys.iter().map(|(user, _)| held.get(user).cloned()).collect())
}

/// Goes from one to the next in the index, so that it takes no longer the more users there are.
pub(super) async fn wrapping_keys(readers: &Readers) -> Result<Vec<KeyId>, sqlx::Error> {
    let sql = "SELECT substr(wrapped_key, 2, 4) AS id FROM history.users
               WHERE wrapped_key IS NOT NULL AND substr(wrapped_key, 2, 4) > $1
               ORDER BY substr(wrapped_key, 2, 4) LIMIT 1";
    let mut found: Vec<KeyId> = Vec::new();
    loop {
        let last = found.last().map_or(Vec::new(), |KeyId(id)| id.to_vec());
        let rows = readers.fetch_all(sqlx::query(sql).bind(last)).await?;
        let Some(row) = rows.first() else { return Ok(found) };
        let id: &[u8] = row.try_get("id")?;
        found.push(KeyId(id.try_into().map_err(damaged)?));
    }
}

/// Locks what is known of a user, and reads it.
async fn lock(connection: &mut PgConnection, user: &UserId) -> Result<PgRow, sqlx::Error> {
    let sql = "INSERT INTO history.users (user_id) VALUES ($1) ON CONFLICT (user_id) DO NOTHING";
    sqlx::query(sql).bind(user.as_str()).execute(&mut *connection).await?;
    let sql = "SELECT erasures, off_times FROM history.users WHERE user_id = $1 FOR UPDATE";
    sqlx::query(sql).bind(user.as_str()).fetch_one(connection).await
}

/// Changes nothing if there would be too many.
pub(super) async fn erase(
    connection: &mut PgConnection,
    user: &UserId,
    erasure: Erasure,
) -> Result<Result<(), TooManyErasures>, sqlx::Error> {
    let mut erasures = read_erasures(&lock(connection, user).await?)?;
    erasures.add(erasure);
    if erasures.iter().count() > ERASURES_MAX {
        return Ok(Err(TooManyErasures));
    }
    write_erasures(connection, user, &erasures).await?;
    let sql = "DELETE FROM history.dead_letters
               WHERE user_id = $1 AND first_ms >= $2 AND last_ms < $3 AND received_ms <= $4";
    let query = sqlx::query(sql).bind(user.as_str()).bind(erasure.range.from.0);
    let query = query.bind(erasure.range.to.0).bind(erasure.erased_at.0);
    query.execute(connection).await?;
    Ok(Ok(()))
}

/// Whatever the number of erasures: everything is gone that was received until then.
pub(super) async fn erase_all(
    connection: &mut PgConnection,
    user: &UserId,
    erased_at: Timestamp,
) -> Result<(), sqlx::Error> {
    let mut erasures = read_erasures(&lock(connection, user).await?)?;
    erasures.add(Erasure { range: TimeRange::ALL, erased_at });
    write_erasures(connection, user, &erasures).await?;
    let sql = "UPDATE history.users SET wrapped_key = NULL WHERE user_id = $1";
    sqlx::query(sql).bind(user.as_str()).execute(&mut *connection).await?;
    // Nothing can open them any more.
    let sql = "DELETE FROM history.dead_letters WHERE user_id = $1";
    sqlx::query(sql).bind(user.as_str()).execute(connection).await?;
    Ok(())
}

async fn write_erasures(
    connection: &mut PgConnection,
    user: &UserId,
    erasures: &Erasures,
) -> Result<(), sqlx::Error> {
    let numbers = erasures.iter().flat_map(|it| [it.range.from.0, it.range.to.0, it.erased_at.0]);
    let sql = "UPDATE history.users SET erasures = $2 WHERE user_id = $1";
    let query = sqlx::query(sql).bind(user.as_str()).bind(numbers.collect::<Vec<i64>>());
    query.execute(&mut *connection).await?;
    note_age(connection, user).await
}

/// Notes when the oldest of what may be forgotten one day was.
async fn note_age(connection: &mut PgConnection, user: &UserId) -> Result<(), sqlx::Error> {
    let row = lock(connection, user).await?;
    let (erasures, off_times) = (read_erasures(&row)?, read_off_times(&row)?);
    let erased = erasures.iter().map(|it| it.erased_at.0);
    let oldest = erased.chain(off_times.iter().filter_map(|it| Some(it.until?.0))).min();
    let sql = "UPDATE history.users SET oldest_ms = $2 WHERE user_id = $1";
    sqlx::query(sql).bind(user.as_str()).bind(oldest).execute(connection).await?;
    Ok(())
}

pub(super) async fn set_off(
    connection: &mut PgConnection,
    user: &UserId,
    is_off: bool,
    at: Timestamp,
) -> Result<(), sqlx::Error> {
    let mut times = read_off_times(&lock(connection, user).await?)?;
    times.turn(is_off, at);
    write_off_times(connection, user, &times).await
}

async fn write_off_times(
    connection: &mut PgConnection,
    user: &UserId,
    times: &OffTimes,
) -> Result<(), sqlx::Error> {
    let numbers = times.iter().flat_map(|it| [Some(it.since.0), it.until.map(|until| until.0)]);
    let sql = "UPDATE history.users SET off_times = $2, is_off = $3 WHERE user_id = $1";
    let query = sqlx::query(sql).bind(user.as_str()).bind(numbers.collect::<Vec<_>>());
    query.bind(times.is_off()).execute(&mut *connection).await?;
    note_age(connection, user).await
}

/// Forgets erasures that were made before a moment, and stretches off that ended before it, up to so many of each; answers how
/// many these were.
pub(super) async fn forget(
    connection: &mut PgConnection,
    before: Timestamp,
    limit: usize,
) -> Result<usize, sqlx::Error> {
    let sql = "SELECT user_id, erasures, off_times FROM history.users
               WHERE oldest_ms < $1 ORDER BY oldest_ms LIMIT $2 FOR UPDATE SKIP LOCKED";
    let query = sqlx::query(sql).bind(before.0).bind(limit as i64);
    let (mut erasures_left, mut stretches_left) = (limit, limit);
    for row in &query.fetch_all(&mut *connection).await? {
        let user = read_user(row)?;
        let goes = |is_old: bool, left: &mut usize| {
            let goes = is_old && *left > 0;
            *left -= usize::from(goes);
            goes
        };
        let (erasures, off_times) = (read_erasures(row)?, read_off_times(row)?);
        let erasures = erasures.iter().copied();
        let erasures = erasures.filter(|it| !goes(it.erased_at < before, &mut erasures_left));
        write_erasures(connection, &user, &erasures.collect()).await?;
        let stretches = off_times.iter().copied();
        let is_over = |it: &OffStretch| it.until.is_some_and(|until| until < before);
        let stretches = stretches.filter(|it| !goes(is_over(it), &mut stretches_left));
        write_off_times(connection, &user, &stretches.collect()).await?;
        let sql = "DELETE FROM history.users WHERE user_id = $1 AND wrapped_key IS NULL
                   AND erasures = '{}' AND off_times = '{}'";
        sqlx::query(sql).bind(user.as_str()).execute(&mut *connection).await?;
    }
    Ok(2 * limit - erasures_left - stretches_left)
}

/// Forgets dead letters that were received before a moment, up to so many; answers how many.
pub(super) async fn forget_letters(
    connection: &mut PgConnection,
    received_before: Timestamp,
    limit: usize,
) -> Result<usize, sqlx::Error> {
    let sql = "DELETE FROM history.dead_letters WHERE number IN (
                   SELECT number FROM history.dead_letters WHERE received_ms < $1
                   ORDER BY received_ms LIMIT $2)";
    let query = sqlx::query(sql).bind(received_before.0).bind(limit as i64);
    Ok(query.execute(connection).await?.rows_affected() as usize)
}

/// Says whether there was room.
pub(super) async fn put_aside(
    connection: &mut PgConnection,
    DeadLetter { chunk, reason, at }: &DeadLetter,
) -> Result<bool, sqlx::Error> {
    marks::lock(connection).await?;
    let StoredChunk { user, sealed, last, received, points } = chunk;
    let reason = &reason[..reason.floor_char_boundary(REASON_BYTES_MAX)];
    let sql = "INSERT INTO history.dead_letters
                   (user_id, first_ms, last_ms, received_ms, points, bytes, reason, at_ms)
               SELECT $1, $2, $3, $4, $5, $6, $7, $8
               WHERE (SELECT count(*) FROM history.dead_letters) < $9";
    let query = sqlx::query(sql).bind(user.as_str()).bind(sealed.first.0).bind(last.0);
    let query = query.bind(received.0).bind(*points as i16).bind(sealed.bytes.as_slice());
    let query = query.bind(reason).bind(at.0).bind(DEAD_LETTERS_MAX as i64);
    Ok(query.execute(connection).await?.rows_affected() > 0)
}

pub(super) async fn dead_letters(
    readers: &Readers,
    limit: usize,
) -> Result<Vec<DeadLetter>, sqlx::Error> {
    let sql = "SELECT * FROM history.dead_letters ORDER BY number LIMIT $1";
    let letter = |row: &PgRow| {
        let first = Timestamp(row.try_get("first_ms")?);
        let bytes = row.try_get("bytes")?;
        let chunk = StoredChunk {
            user: read_user(row)?,
            sealed: SealedChunk { bucket: Bucket::at(first), first, bytes },
            last: Timestamp(row.try_get("last_ms")?),
            received: Timestamp(row.try_get("received_ms")?),
            points: row.try_get::<i16, _>("points")? as u16,
        };
        let (reason, at) = (row.try_get("reason")?, Timestamp(row.try_get("at_ms")?));
        Ok(DeadLetter { chunk, reason, at })
    };
    let found = readers.fetch_all(sqlx::query(sql).bind(limit as i64)).await?;
    found.iter().map(letter).collect()
}
