use sql::StoreError;
use sql::postgres::{Migrated, Schema};

use super::Config;

/// The first of the two keys of our advisory locks, so that they aren't taken for those of somebody else.
const NAMESPACE: i32 = 0x7764_6869;

/// Each step leads from the version that is its index to the next; `history.schema_version` says how many were taken.
/// A step that was released is never changed.
const STEPS: [&str; 1] = [FIRST];

const FIRST: &str = r#"
    CREATE SCHEMA history;

    CREATE TABLE history.schema_version (
        only_row BOOLEAN PRIMARY KEY DEFAULT true CHECK (only_row),
        number   BIGINT  NOT NULL
    );
    INSERT INTO history.schema_version (number) VALUES (0);

    CREATE TABLE history.users (
        user_id     TEXT     COLLATE "C" PRIMARY KEY,
        wrapped_key BYTEA,                                 -- NULL: none yet, or destroyed
        erasures    BIGINT[] NOT NULL DEFAULT '{}',        -- from, to, erased at; of each, in this order
        off_times   BIGINT[] NOT NULL DEFAULT '{}',        -- since, until or NULL; of each, in this order
        is_off      BOOLEAN  NOT NULL DEFAULT false,       -- the last one goes on
        oldest_ms   BIGINT                                 -- of the erasures, and of the ends of when it was off
    );
    -- The name of the deployment's key that wrapped stands behind the version of the form.
    CREATE INDEX users_by_wrapping ON history.users (substr(wrapped_key, 2, 4))
        WHERE wrapped_key IS NOT NULL;
    CREATE INDEX users_off ON history.users (user_id) WHERE is_off;
    CREATE INDEX users_by_age ON history.users (oldest_ms) WHERE oldest_ms IS NOT NULL;

    CREATE TABLE history.dead_letters (
        number      BIGINT   GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        user_id     TEXT     COLLATE "C" NOT NULL,
        first_ms    BIGINT   NOT NULL,
        last_ms     BIGINT   NOT NULL,
        received_ms BIGINT   NOT NULL,
        points      SMALLINT NOT NULL,
        bytes       BYTEA    NOT NULL,
        reason      TEXT     NOT NULL,
        at_ms       BIGINT   NOT NULL
    );
    CREATE INDEX dead_letter_users ON history.dead_letters (user_id);
    CREATE INDEX dead_letter_ages ON history.dead_letters (received_ms);

    -- What concerns all users. Whoever puts chunks aside or tells of a new log locks it.
    CREATE TABLE history.shared (
        only_row BOOLEAN  PRIMARY KEY DEFAULT true CHECK (only_row),
        gaps     BIGINT[] NOT NULL                         -- from, to; of each, in this order
    );
    INSERT INTO history.shared (gaps) VALUES ('{}');

    CREATE TABLE history.log_marks (
        log             BYTEA  PRIMARY KEY,
        stored_until_ms BIGINT NOT NULL,
        told_at_ms      BIGINT NOT NULL,
        address         TEXT                               -- host:port; NULL: it can't be asked
    ) WITH (fillfactor = 50);
"#;

/// All of it.
pub(super) const SCHEMA: Schema = Schema { name: "history", namespace: NAMESPACE, steps: &STEPS };

/// Brings the schema up to date: all the missing steps in one transaction, or none. Any number of processes may do it
/// at once, and it may be repeated.
pub async fn migrate(config: &Config) -> Result<Migrated, StoreError> {
    SCHEMA.migrate(&config.server(&[])?).await
}
