use model::Timestamp;
use sqlx::SqliteConnection;

/// Drops the dead letters that were received before a moment; answers how many.
pub(super) async fn letters(
    connection: &mut SqliteConnection,
    before: Timestamp,
    limit: usize,
) -> Result<usize, sqlx::Error> {
    let sql = "DELETE FROM dead_letters WHERE number IN (
                   SELECT number FROM dead_letters WHERE received_ms < ?1 LIMIT ?2)";
    let query = sqlx::query(sql).bind(before.0).bind(limit as i64);
    Ok(query.execute(connection).await?.rows_affected() as usize)
}

/// Drops erasures, stretches and gaps that were over before a moment; answers how many of the first two.
pub(super) async fn settled(
    connection: &mut SqliteConnection,
    before: Timestamp,
    limit: usize,
) -> Result<usize, sqlx::Error> {
    sqlx::query("DELETE FROM gaps WHERE to_ms < ?1")
        .bind(before.0)
        .execute(&mut *connection)
        .await?;
    let erasures = "DELETE FROM erasures WHERE (user, from_ms) IN (
                        SELECT user, from_ms FROM erasures WHERE erased_ms < ?1 LIMIT ?2)";
    let stretches = "DELETE FROM off_stretches WHERE (user, since_ms) IN (
                         SELECT user, since_ms FROM off_stretches WHERE until_ms < ?1 LIMIT ?2)";
    let mut forgotten = 0;
    for sql in [erasures, stretches] {
        let query = sqlx::query(sql).bind(before.0).bind(limit as i64);
        forgotten += query.execute(&mut *connection).await?.rows_affected() as usize;
    }
    Ok(forgotten)
}
