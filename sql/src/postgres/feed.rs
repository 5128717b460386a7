use model::{FeedPosition, ReadToken};
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgExecutor, Postgres, Row};

use crate::read_token;

/// Begins a transaction in which each statement sees what was committed before it.
pub const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";

/// The lineage of a server's data: which server it is and on which of its own timelines, as text. Every promotion and every restoration of a backup to a point in time
/// begins another; a server that was filled from a dump has another identity.
pub const LINEAGE: &str =
    "(SELECT system_identifier || '.' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)
      FROM pg_control_system())";

/// A number that no other timeline has, most likely.
pub const NEW_TIMELINE: &str = "hashtextextended(gen_random_uuid()::text, 0)";

/// The one row `feed` of a schema: `head`, how many changes there were; `history`, the number of their timeline; `lineage`, which
/// server's lineage that timeline is of.
///
/// Writers lock the row, so that they come one after another and positions have no gaps. It travels with the data, so
/// that every answer knows its state from its own snapshot.
#[derive(Debug, Clone, Copy)]
pub struct FeedTable {
    /// Whose it is, a plain word.
    schema: &'static str,
}

impl FeedTable {
    /// The feed of this schema.
    pub const fn new(schema: &'static str) -> Self {
        Self { schema }
    }

    /// The state before this transaction changes anything, which no other one does until it ends; and whether its
    /// timeline begins here, which must be committed.
    ///
    /// Its timeline is the one of this server's lineage: on a server that was promoted the first writer begins another.
    /// Statements behind this one see what the writers before this one did.
    pub async fn take(
        self,
        connection: &mut PgConnection,
    ) -> Result<(ReadToken, bool), sqlx::Error> {
        let sql = format!(
            "SELECT head, history, lineage = {LINEAGE} AS same FROM {}.feed FOR UPDATE",
            self.schema
        );
        let row = sqlx::query(AssertSqlSafe(sql)).fetch_one(&mut *connection).await?;
        if row.try_get("same")? {
            return Ok((read_token(&row)?, false));
        }
        let sql = format!(
            "UPDATE {}.feed SET history = {NEW_TIMELINE}, lineage = {LINEAGE}
             RETURNING head, history",
            self.schema
        );
        let row = sqlx::query(AssertSqlSafe(sql)).fetch_one(connection).await?;
        Ok((read_token(&row)?, true))
    }

    /// Writes how many changes there are now.
    pub async fn advance(
        self,
        connection: &mut PgConnection,
        head: FeedPosition,
    ) -> Result<(), sqlx::Error> {
        let sql = format!("UPDATE {}.feed SET head = $1", self.schema);
        sqlx::query(AssertSqlSafe(sql)).bind(head.0 as i64).execute(connection).await?;
        Ok(())
    }

    /// The state of the primary, in the timeline of its lineage.
    pub async fn read_primary(
        self,
        connection: &mut PgConnection,
    ) -> Result<ReadToken, sqlx::Error> {
        let sql =
            format!("SELECT head, history, lineage = {LINEAGE} AS same FROM {}.feed", self.schema);
        let row = sqlx::query(AssertSqlSafe(sql)).fetch_one(&mut *connection).await?;
        if row.try_get("same")? {
            return read_token(&row);
        }
        let mut transaction = connection.begin_with(BEGIN).await?;
        let (state, _) = self.take(&mut transaction).await?;
        transaction.commit().await?;
        Ok(state)
    }

    /// Asks any server how far it has come.
    pub fn query<'q>(self) -> Query<'q, Postgres, PgArguments> {
        sqlx::query(AssertSqlSafe(format!("SELECT head, history FROM {}.feed", self.schema)))
    }

    /// The state of any server, as far as it has come.
    pub async fn read<'c>(self, server: impl PgExecutor<'c>) -> Result<ReadToken, sqlx::Error> {
        read_token(&self.query().fetch_one(server).await?)
    }
}
