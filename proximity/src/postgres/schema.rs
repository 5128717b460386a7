use sqlx::{Connection, PgConnection};

use super::server::{Server, is_replica};
use super::{Config, NAMESPACE, fault};
use crate::error::Error;

/// Each step leads from the version that is its index to the next; `proximity.schema_version` says how many were
/// taken. A step that was released is never changed.
///
/// Texts that are looked up compare as bytes (`COLLATE "C"`), whatever the database's language.
const STEPS: [&str; 1] = [r#"
    CREATE SCHEMA proximity;

    CREATE TABLE proximity.schema_version (
        only_row BOOLEAN PRIMARY KEY DEFAULT true CHECK (only_row),
        number   BIGINT  NOT NULL
    );
    INSERT INTO proximity.schema_version (number) VALUES (0);

    -- How many changes there were, and of which history. Writers lock the row, so that they come one after another.
    CREATE TABLE proximity.feed (
        only_row BOOLEAN PRIMARY KEY DEFAULT true CHECK (only_row),
        head     BIGINT  NOT NULL,
        history  BIGINT  NOT NULL,
        lineage  TEXT    NOT NULL       -- which server's timeline the history is of
    );
    INSERT INTO proximity.feed (head, history, lineage) VALUES (0, 0, 'none yet');

    CREATE TABLE proximity.businesses (
        id            BIGINT PRIMARY KEY,
        feed_position BIGINT NOT NULL UNIQUE,   -- of its last change
        placed        BIGINT NOT NULL,          -- the position of the change that put it where it is
        version       BIGINT NOT NULL,
        owner         TEXT COLLATE "C",
        source        TEXT COLLATE "C",
        source_id     TEXT COLLATE "C",
        name          TEXT NOT NULL,
        latitude      DOUBLE PRECISION NOT NULL,
        longitude     DOUBLE PRECISION NOT NULL,
        hours         TEXT,
        rest          TEXT NOT NULL,            -- JSON: what nothing is searched by
        updated_ms    BIGINT NOT NULL
    );
    CREATE UNIQUE INDEX sources ON proximity.businesses (source, source_id)
        WHERE source IS NOT NULL;
    CREATE INDEX owned ON proximity.businesses (owner, id) WHERE owner IS NOT NULL;

    CREATE TABLE proximity.removed (
        feed_position BIGINT PRIMARY KEY,
        id            BIGINT NOT NULL,
        version       BIGINT NOT NULL,
        updated_ms    BIGINT NOT NULL
    );

    -- What searches read, and nothing else: each is a range of one of these indexes, which hold all of it. That the
    -- tables needn't be looked at is seen to by VACUUM, so it comes often.
    CREATE TABLE proximity.places (
        code      BIGINT NOT NULL,
        id        BIGINT NOT NULL,
        latitude  DOUBLE PRECISION NOT NULL,
        longitude DOUBLE PRECISION NOT NULL,
        placed    BIGINT NOT NULL,
        PRIMARY KEY (code, id) INCLUDE (latitude, longitude, placed)
    ) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02);

    CREATE TABLE proximity.categories (
        id  BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        key TEXT COLLATE "C" NOT NULL UNIQUE
    );

    CREATE TABLE proximity.category_places (
        category_id BIGINT NOT NULL,
        code        BIGINT NOT NULL,
        id          BIGINT NOT NULL,
        latitude    DOUBLE PRECISION NOT NULL,
        longitude   DOUBLE PRECISION NOT NULL,
        placed      BIGINT NOT NULL,
        PRIMARY KEY (category_id, code, id) INCLUDE (latitude, longitude, placed)
    ) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.02);

    CREATE TABLE proximity.cells (
        cell       BIGINT PRIMARY KEY,
        businesses BIGINT NOT NULL
    );

    CREATE TABLE proximity.keys (
        caller      TEXT COLLATE "C" NOT NULL,
        key         TEXT COLLATE "C" NOT NULL,
        fingerprint BIGINT NOT NULL,
        at_ms       BIGINT NOT NULL,
        outcome     TEXT   NOT NULL,
        PRIMARY KEY (caller, key)
    );
    CREATE INDEX key_ages ON proximity.keys (at_ms);
"#];

/// The lock of whoever changes the schema.
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
    let primary = Server::primary(config)?;
    let mut connection = primary.connect().await?;
    let taken = take(&mut connection).await;
    let migrated = taken.map_err(|error| fault::unusable(&error, &primary.target))?;
    not_newer(migrated.from)?;
    Ok(migrated)
}

/// Errs if the server isn't a primary with the schema that this program works with.
pub(super) async fn check(connection: &mut PgConnection, primary: &Server) -> Result<(), Error> {
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
        sqlx::query_scalar("SELECT to_regclass('proximity.schema_version') IS NOT NULL")
            .fetch_one(&mut *connection)
            .await?;
    if !exists {
        return Ok(0);
    }
    sqlx::query_scalar("SELECT number FROM proximity.schema_version").fetch_one(connection).await
}

/// Takes the steps that are missing, or none where there are more than we know.
async fn take(connection: &mut PgConnection) -> Result<Migrated, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    // An index over all businesses takes longer than any other statement, and whoever comes second waits for it.
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
        sqlx::query("UPDATE proximity.schema_version SET number = $1")
            .bind(to)
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(Migrated { from, to })
}
