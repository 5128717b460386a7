//! Users' keys that another key of the deployment wraps from now on.

use model::UserId;
use sql::postgres::Readers;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use super::statements::read_user;
use crate::{KeyId, Rewrapped};

/// No id is empty.
pub(super) async fn wrapped_by(
    readers: &Readers,
    KeyId(key): KeyId,
    after: Option<&UserId>,
    limit: usize,
) -> Result<Vec<(UserId, Vec<u8>)>, sqlx::Error> {
    let sql = "SELECT user_id, wrapped_key FROM history.users
               WHERE wrapped_key IS NOT NULL AND substr(wrapped_key, 2, 4) = $1 AND user_id > $2
               ORDER BY user_id LIMIT $3";
    let query = sqlx::query(sql).bind(key.to_vec()).bind(after.map_or("", UserId::as_str));
    let found = readers.fetch_all(query.bind(limit as i64)).await?;
    let wrapped = |row: &PgRow| Ok((read_user(row)?, row.try_get("wrapped_key")?));
    found.iter().map(wrapped).collect()
}

pub(super) async fn exchange(
    connection: &mut PgConnection,
    keys: &[Rewrapped],
) -> Result<(), sqlx::Error> {
    // In an order that is the same for all, so that no two calls wait for each other.
    let mut keys: Vec<_> = keys.iter().collect();
    keys.sort_by(|a, b| a.user.cmp(&b.user));
    let users: Vec<_> = keys.iter().map(|it| it.user.as_str()).collect();
    let from: Vec<_> = keys.iter().map(|it| it.from.as_slice()).collect();
    let to: Vec<_> = keys.iter().map(|it| it.to.as_slice()).collect();
    let sql = r#"SELECT FROM history.users WHERE user_id = ANY ($1)
                 ORDER BY user_id COLLATE "C" FOR UPDATE"#;
    sqlx::query(sql).bind(&users).execute(&mut *connection).await?;
    let sql = "UPDATE history.users AS known SET wrapped_key = given.after
               FROM unnest($1::text[], $2::bytea[], $3::bytea[]) AS given (id, before, after)
               WHERE known.user_id = given.id AND known.wrapped_key = given.before";
    sqlx::query(sql).bind(users).bind(from).bind(to).execute(connection).await?;
    Ok(())
}
