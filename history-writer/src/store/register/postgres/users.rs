use model::UserId;
use sql::postgres::Readers;

use super::statements::read_user;

/// Those whose history is off, behind a user.
pub(super) async fn off(
    readers: &Readers,
    after: Option<&UserId>,
    limit: usize,
) -> Result<Vec<UserId>, sqlx::Error> {
    let sql = "SELECT user_id FROM history.users WHERE is_off AND user_id > $1
               ORDER BY user_id LIMIT $2";
    page(readers, sql, after, limit).await
}

/// Those who have a key, behind a user.
pub(super) async fn with_key(
    readers: &Readers,
    after: Option<&UserId>,
    limit: usize,
) -> Result<Vec<UserId>, sqlx::Error> {
    let sql = "SELECT user_id FROM history.users WHERE wrapped_key IS NOT NULL AND user_id > $1
               ORDER BY user_id LIMIT $2";
    page(readers, sql, after, limit).await
}

async fn page(
    readers: &Readers,
    sql: &'static str,
    after: Option<&UserId>,
    limit: usize,
) -> Result<Vec<UserId>, sqlx::Error> {
    // No id is empty.
    let query = sqlx::query(sql).bind(after.map_or("", UserId::as_str)).bind(limit as i64);
    readers.fetch_all(query).await?.iter().map(read_user).collect()
}
