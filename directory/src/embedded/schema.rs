use sqlx::{Connection, SqliteConnection};

use crate::Error;

/// Each step leads from the version that is its index to the next; `PRAGMA user_version` says how many were taken.
/// A step that was released is never changed.
const STEPS: [&str; 1] = ["
    CREATE TABLE users (
        id           TEXT    NOT NULL PRIMARY KEY,
        display_name TEXT    NOT NULL,
        radius_m     INTEGER,           -- NULL: the deployment's
        created_ms   INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    -- A pair that has anything between it has two rows, each the mirror of the other, so that every list of a user is
    -- a range of one index.
    CREATE TABLE relations (
        owner      TEXT    NOT NULL,
        other      TEXT    NOT NULL,
        friend     INTEGER NOT NULL,
        asked      INTEGER NOT NULL,
        asked_by   INTEGER NOT NULL,
        blocks     INTEGER NOT NULL,
        blocked_by INTEGER NOT NULL,
        since_ms   INTEGER NOT NULL,
        PRIMARY KEY (owner, other)
    ) STRICT, WITHOUT ROWID;

    CREATE INDEX friends  ON relations (owner, other) WHERE friend = 1;
    CREATE INDEX outgoing ON relations (owner, other) WHERE asked = 1;
    CREATE INDEX incoming ON relations (owner, other) WHERE asked_by = 1 AND blocks = 0;
    CREATE INDEX blocked  ON relations (owner, other) WHERE blocks = 1;
"];

/// Takes the steps that are missing, all or none. The outer error is ours, the inner one `SQLite`'s.
pub(super) async fn migrate(
    connection: &mut SqliteConnection,
) -> Result<Result<(), sqlx::Error>, Error> {
    let known = STEPS.len() as i64;
    let found = match version(connection).await {
        Ok(found) => found,
        Err(error) => return Ok(Err(error)),
    };
    if found > known {
        return Err(Error::NewerVersion { found, known });
    }
    Ok(take(connection, usize::try_from(found).unwrap_or(0)).await)
}

async fn version(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("PRAGMA user_version").fetch_one(connection).await
}

async fn take(connection: &mut SqliteConnection, from: usize) -> Result<(), sqlx::Error> {
    // Also without steps: it shows at once whether the file can be written to.
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    for step in &STEPS[from..] {
        sqlx::raw_sql(*step).execute(&mut *transaction).await?;
    }
    // A pragma takes no parameters; this is the one place that changes with STEPS.
    const { assert!(STEPS.len() == 1) };
    sqlx::raw_sql("PRAGMA user_version = 1").execute(&mut *transaction).await?;
    transaction.commit().await
}
