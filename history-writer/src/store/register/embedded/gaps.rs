use model::Timestamp;
use sqlx::{SqliteConnection, SqliteExecutor};

use super::json::json;
use crate::{Gaps, TimeRange};

/// Adds gaps to those that are there.
pub(super) async fn note(
    connection: &mut SqliteConnection,
    added: &[TimeRange],
) -> Result<(), sqlx::Error> {
    let mut gaps = read(&mut *connection).await?;
    gaps.extend(added.iter().copied());
    sqlx::query("DELETE FROM gaps").execute(&mut *connection).await?;
    let rows: Vec<_> = gaps.iter().map(|it| (it.from.0, it.to.0)).collect();
    let sql = "INSERT INTO gaps SELECT value ->> 0, value ->> 1 FROM json_each(?1)";
    sqlx::query(sql).bind(json(&rows)).execute(connection).await?;
    Ok(())
}

pub(super) async fn read(executor: impl SqliteExecutor<'_>) -> Result<Gaps, sqlx::Error> {
    let rows: Vec<(i64, i64)> =
        sqlx::query_as("SELECT from_ms, to_ms FROM gaps").fetch_all(executor).await?;
    let range = |(from, to)| TimeRange { from: Timestamp(from), to: Timestamp(to) };
    Ok(rows.into_iter().map(range).collect())
}
