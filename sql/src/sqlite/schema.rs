use sqlx::{AssertSqlSafe, Connection, SqliteConnection};

/// How many steps were taken; 0 of a file that is new.
pub(super) async fn version(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("PRAGMA user_version").fetch_one(connection).await
}

/// Takes the steps that are missing, all or none.
pub(super) async fn take(
    connection: &mut SqliteConnection,
    found: i64,
    steps: &[&'static str],
) -> Result<(), sqlx::Error> {
    // Also without steps: it shows at once whether the file can be written to.
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    for &step in &steps[usize::try_from(found).unwrap_or(0)..] {
        sqlx::raw_sql(step).execute(&mut *transaction).await?;
    }
    // A pragma takes no parameters.
    let sql = format!("PRAGMA user_version = {}", steps.len());
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *transaction).await?;
    transaction.commit().await
}
