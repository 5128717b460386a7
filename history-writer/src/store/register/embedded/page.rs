use model::UserId;
use sqlx::SqlitePool;

/// A page of users behind one, no id being empty.
pub(super) async fn page(
    readers: &SqlitePool,
    sql: &'static str,
    after: Option<&UserId>,
    limit: usize,
) -> Result<Vec<UserId>, sqlx::Error> {
    let after = after.map_or("", UserId::as_str);
    let found = sqlx::query_scalar(sql).bind(after).bind(limit as i64).fetch_all(readers).await?;
    found.into_iter().map(|id: String| UserId::parse(&id).map_err(sql::damaged)).collect()
}
