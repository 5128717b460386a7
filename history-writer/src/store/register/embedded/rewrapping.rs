//! Users' keys that another key of the deployment wraps from now on.

use model::UserId;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection, SqlitePool};

use crate::{KeyId, Rewrapped};

/// No id is empty.
pub(super) async fn wrapped_by(
    readers: &SqlitePool,
    KeyId(key): KeyId,
    after: Option<&UserId>,
    limit: usize,
) -> Result<Vec<(UserId, Vec<u8>)>, sqlx::Error> {
    let sql = "SELECT user, wrapped_key FROM records
               WHERE wrapped_key IS NOT NULL AND substr(wrapped_key, 2, 4) = ?1 AND user > ?2
               ORDER BY user LIMIT ?3";
    let query = sqlx::query(sql).bind(&key[..]).bind(after.map_or("", UserId::as_str));
    let found = query.bind(limit as i64).fetch_all(readers).await?;
    let wrapped = |row: &SqliteRow| {
        let user = UserId::parse(row.try_get("user")?).map_err(sql::damaged)?;
        Ok((user, row.try_get("wrapped_key")?))
    };
    found.iter().map(wrapped).collect()
}

pub(super) async fn exchange(
    connection: &mut SqliteConnection,
    keys: &[Rewrapped],
) -> Result<(), sqlx::Error> {
    // Else what is overwritten would outlive a key that is destroyed later.
    sqlx::raw_sql("PRAGMA secure_delete = ON").execute(&mut *connection).await?;
    let sql = "UPDATE records SET wrapped_key = ?3 WHERE user = ?1 AND wrapped_key = ?2";
    for Rewrapped { user, from, to } in keys {
        let query = sqlx::query(sql).bind(user.as_str()).bind(from.as_slice());
        query.bind(to.as_slice()).execute(&mut *connection).await?;
    }
    Ok(())
}
