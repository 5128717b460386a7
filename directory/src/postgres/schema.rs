use sqlx::{Connection, PgConnection};

use super::primary::{Primary, is_replica};
use super::{Config, NAMESPACE, fault};
use crate::Error;

/// Each step leads from the version that is its index to the next; `directory.schema_version` says how many were
/// taken. A step that was released is never changed.
///
/// Ids compare as bytes (`COLLATE "C"`) whatever the database's language: pages promise that order.
const STEPS: [&str; 1] = [r#"
    CREATE SCHEMA directory;

    CREATE TABLE directory.schema_version (
        only_row BOOLEAN PRIMARY KEY DEFAULT true CHECK (only_row),
        number   BIGINT  NOT NULL
    );
    INSERT INTO directory.schema_version (number) VALUES (0);

    CREATE TABLE directory.users (
        id           TEXT   COLLATE "C" PRIMARY KEY,
        display_name TEXT   NOT NULL,
        radius_m     BIGINT,            -- NULL: the deployment's
        created_ms   BIGINT NOT NULL
    );

    -- A pair that has anything between it has two rows, each the mirror of the other, so that every list of a user is
    -- a range of one index.
    CREATE TABLE directory.relations (
        owner      TEXT    COLLATE "C" NOT NULL,
        other      TEXT    COLLATE "C" NOT NULL,
        friend     BOOLEAN NOT NULL,
        asked      BOOLEAN NOT NULL,
        asked_by   BOOLEAN NOT NULL,
        blocks     BOOLEAN NOT NULL,
        blocked_by BOOLEAN NOT NULL,
        since_ms   BIGINT  NOT NULL,
        PRIMARY KEY (owner, other)
    );

    CREATE INDEX friends  ON directory.relations (owner, other) WHERE friend;
    CREATE INDEX outgoing ON directory.relations (owner, other) WHERE asked;
    CREATE INDEX incoming ON directory.relations (owner, other) WHERE asked_by AND NOT blocks;
    CREATE INDEX blocked  ON directory.relations (owner, other) WHERE blocks;
"#];

/// The lock of whoever changes the schema; the others in the namespace are not negative.
const MIGRATION: i32 = -1;

/// What a migration did; nothing if both are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migrated {
    /// The schema's version before; 0 if there was none.
    pub from: i64,
    /// The schema's version now.
    pub to: i64,
}

/// Brings the schema up to date: all the missing steps in one transaction, or none. Any number of processes may do it
/// at once, and it may be repeated.
pub async fn migrate(config: &Config) -> Result<Migrated, Error> {
    let primary = Primary::of(config)?;
    let mut connection = primary.connect().await?;
    let taken = take(&mut connection).await;
    let migrated = taken.map_err(|error| fault::unusable(&error, &primary.target))?;
    not_newer(migrated.from)?;
    Ok(migrated)
}

/// Errs if the server isn't a primary with the schema that this program works with.
pub(super) async fn check(connection: &mut PgConnection, primary: &Primary) -> Result<(), Error> {
    let unusable = |error| fault::unusable(&error, &primary.target);
    if is_replica(connection).await.map_err(unusable)? {
        return Err(fault::because(fault::IS_REPLICA, &primary.target));
    }
    let (found, known) = (version(connection).await.map_err(unusable)?, STEPS.len() as i64);
    let why = match found {
        0 => format!("database {} has no schema yet", primary.target.database),
        _ if found < known => format!("the schema is {found}, this program needs {known}"),
        _ => return not_newer(found),
    };
    Err(fault::because(&format!("{why}; {}", fault::MIGRATE), &primary.target))
}

fn not_newer(found: i64) -> Result<(), Error> {
    let known = STEPS.len() as i64;
    if found > known { Err(Error::NewerVersion { found, known }) } else { Ok(()) }
}

/// 0 if there is no schema.
async fn version(connection: &mut PgConnection) -> Result<i64, sqlx::Error> {
    let exists: bool =
        sqlx::query_scalar("SELECT to_regclass('directory.schema_version') IS NOT NULL")
            .fetch_one(&mut *connection)
            .await?;
    if !exists {
        return Ok(0);
    }
    sqlx::query_scalar("SELECT number FROM directory.schema_version").fetch_one(connection).await
}

/// Takes the steps that are missing, or none where there are more than we know.
async fn take(connection: &mut PgConnection) -> Result<Migrated, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    // An index over all friendships takes longer than any other statement, and whoever comes second waits for it.
    sqlx::raw_sql("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '60s'")
        .execute(&mut *transaction)
        .await?;
    sqlx::query("SELECT pg_advisory_xact_lock($1, $2)")
        .bind(NAMESPACE)
        .bind(MIGRATION)
        .execute(&mut *transaction)
        .await?;
    let from = version(&mut transaction).await?;
    let missing = usize::try_from(from).ok().and_then(|from| STEPS.get(from..));
    let steps = missing.unwrap_or_default();
    for step in steps {
        sqlx::raw_sql(*step).execute(&mut *transaction).await?;
    }
    let to = from + steps.len() as i64;
    if from < to {
        sqlx::query("UPDATE directory.schema_version SET number = $1")
            .bind(to)
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(Migrated { from, to })
}
