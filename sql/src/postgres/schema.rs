use model::ReadToken;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::connection::is_replica;
use super::error::{IS_REPLICA, MIGRATE};
use super::feed::FeedTable;
use super::server::Server;
use crate::StoreError;

/// The lock of whoever changes a schema; the others in a namespace are not negative.
const MIGRATION: i32 = -1;

/// The tables of a part, in a schema of their own, and how they came to be.
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    /// Its name, a plain word.
    pub name: &'static str,
    /// The first of the two keys of the part's advisory locks; the second of its own locks isn't negative.
    pub namespace: i32,
    /// Each leads from the version that is its index to the next; `schema_version` says how many were taken, in the one
    /// row that the first step makes. A step that was released is never changed.
    pub steps: &'static [&'static str],
}

/// What a migration did; nothing if both are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migrated {
    /// The schema's version before; 0 if there was none.
    pub from: i64,
    /// The schema's version now.
    pub to: i64,
}

impl Schema {
    /// Brings the schema up to date: all the missing steps in one transaction, or none. Any number of processes may do
    /// it at once, and it may be repeated.
    pub async fn migrate(&self, primary: &Server) -> Result<Migrated, StoreError> {
        let mut connection = primary.connect().await?;
        let taken = self.take(&mut connection).await;
        let migrated = taken.map_err(|error| primary.unusable(error))?;
        StoreError::if_newer(migrated.from, self.steps)?;
        Ok(migrated)
    }

    /// Errs as [`check`](Self::check) does, or answers with the state of the schema's [feed](FeedTable); in the time of any
    /// answer.
    pub async fn open(&self, primary: &Server) -> Result<ReadToken, StoreError> {
        // In a box, for connecting takes more room than all that the caller has beside it.
        let opening = Box::pin(async {
            let mut connection = self.check(primary).await?;
            // The timeline of this lineage, before anybody reads it.
            let state = FeedTable::new(self.name).read_primary(&mut connection).await;
            state.map_err(|error| primary.unusable(error))
        });
        primary.open(opening).await
    }

    /// Connects, and errs if the server isn't a primary with the schema that this program works with.
    pub async fn check(&self, primary: &Server) -> Result<PgConnection, StoreError> {
        let mut connection = primary.connect().await?;
        let unusable = |error| primary.unusable(error);
        if is_replica(&mut connection).await.map_err(unusable)? {
            return Err(primary.because(IS_REPLICA));
        }
        let found = self.version(&mut connection).await.map_err(unusable)?;
        let known = self.steps.len() as i64;
        let why = match found {
            0 => format!("database {} has no schema yet", primary.database()),
            _ if found < known => format!("the schema is {found}, this program needs {known}"),
            _ => return StoreError::if_newer(found, self.steps).map(|()| connection),
        };
        Err(primary.because(&format!("{why}; {MIGRATE}")))
    }

    /// 0 if there is no schema.
    async fn version(&self, connection: &mut PgConnection) -> Result<i64, sqlx::Error> {
        let table = format!("{}.schema_version", self.name);
        let exists: bool = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
            .bind(&table)
            .fetch_one(&mut *connection)
            .await?;
        if !exists {
            return Ok(0);
        }
        let sql = AssertSqlSafe(format!("SELECT number FROM {table}"));
        sqlx::query_scalar(sql).fetch_one(connection).await
    }

    /// Takes the steps that are missing, or none where there are more than we know.
    async fn take(&self, connection: &mut PgConnection) -> Result<Migrated, sqlx::Error> {
        let mut transaction = connection.begin().await?;
        // An index over all rows takes longer than any other statement, and whoever comes second waits for it.
        sqlx::raw_sql("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '60s'")
            .execute(&mut *transaction)
            .await?;
        sqlx::query("SELECT pg_advisory_xact_lock($1, $2)")
            .bind(self.namespace)
            .bind(MIGRATION)
            .execute(&mut *transaction)
            .await?;
        let from = self.version(&mut transaction).await?;
        let missing = usize::try_from(from).ok().and_then(|from| self.steps.get(from..));
        let steps = missing.unwrap_or_default();
        for step in steps {
            sqlx::raw_sql(*step).execute(&mut *transaction).await?;
        }
        let to = from + steps.len() as i64;
        if from < to {
            let sql = format!("UPDATE {}.schema_version SET number = $1", self.name);
            sqlx::query(AssertSqlSafe(sql)).bind(to).execute(&mut *transaction).await?;
        }
        transaction.commit().await?;
        Ok(Migrated { from, to })
    }
}
