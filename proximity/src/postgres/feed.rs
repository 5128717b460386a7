use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{Connection, PgConnection, PgExecutor, Postgres, Row};

use crate::freshness::{FeedPosition, Freshness};
use crate::rows;

/// Which timeline of which server this is, as text. Every promotion and every restoration of a backup to a point in time
/// begins another timeline; a server that was filled from a dump has another identity.
macro_rules! lineage {
    () => {
        "(SELECT system_identifier || '.' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)
          FROM pg_control_system())"
    };
}

/// A number that no other history has, most likely.
macro_rules! new_history {
    () => {
        "hashtextextended(gen_random_uuid()::text, 0)"
    };
}

/// The state before this transaction changes anything, which no other one does until it ends.
///
/// Its history is the one of this server's timeline: on a server that was promoted the first writer begins another.
/// Statements behind this one see what the writers before this one did.
pub(super) async fn take(connection: &mut PgConnection) -> Result<(Freshness, bool), sqlx::Error> {
    let sql = concat!(
        "SELECT head, history, lineage = ",
        lineage!(),
        " AS same FROM proximity.feed FOR UPDATE"
    );
    let row = sqlx::query(sql).fetch_one(&mut *connection).await?;
    if row.try_get("same")? {
        return Ok((rows::freshness(&row)?, false));
    }
    let sql = concat!(
        "UPDATE proximity.feed SET history = ",
        new_history!(),
        ", lineage = ",
        lineage!(),
        " RETURNING head, history"
    );
    Ok((rows::freshness(&sqlx::query(sql).fetch_one(connection).await?)?, true))
}

/// Writes how many changes there are now.
pub(super) async fn advance(
    connection: &mut PgConnection,
    head: FeedPosition,
) -> Result<(), sqlx::Error> {
    let sql = "UPDATE proximity.feed SET head = $1";
    sqlx::query(sql).bind(head.0 as i64).execute(connection).await?;
    Ok(())
}

/// The state of the primary, in the history of its timeline.
pub(super) async fn of_primary(connection: &mut PgConnection) -> Result<Freshness, sqlx::Error> {
    let sql =
        concat!("SELECT head, history, lineage = ", lineage!(), " AS same FROM proximity.feed");
    let row = sqlx::query(sql).fetch_one(&mut *connection).await?;
    if row.try_get("same")? {
        return rows::freshness(&row);
    }
    let mut transaction = connection.begin_with(super::BEGIN).await?;
    let (state, _) = take(&mut transaction).await?;
    transaction.commit().await?;
    Ok(state)
}

/// Asks any server how far it has come.
pub(super) fn query<'q>() -> Query<'q, Postgres, PgArguments> {
    sqlx::query("SELECT head, history FROM proximity.feed")
}

/// The state of any server, as far as it has come.
pub(super) async fn of<'c>(server: impl PgExecutor<'c>) -> Result<Freshness, sqlx::Error> {
    rows::freshness(&query().fetch_one(server).await?)
}
