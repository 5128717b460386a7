use sql::postgres::{Migrated, Schema};

use super::{Config, NAMESPACE};
use sql::StoreError;

/// Each step leads from the version that is its index to the next; `directory.schema_version` says how many were
/// taken. A step that was released is never changed.
///
/// Ids compare as bytes (`COLLATE "C"`) whatever the database's language: pages promise that order.
const STEPS: [&str; 3] = [FIRST, CHANGES, PEOPLE];

const FIRST: &str = r#"
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
"#;

const CHANGES: &str = "
    -- How many changes of circles there were, and of which history. Writers lock the row last, just before they commit,
    -- so that positions follow the order of commits.
    CREATE TABLE directory.feed (
        only_row BOOLEAN PRIMARY KEY DEFAULT true CHECK (only_row),
        head     BIGINT  NOT NULL,
        history  BIGINT  NOT NULL,
        lineage  TEXT    NOT NULL       -- which server's timeline the history is of
    ) WITH (fillfactor = 10);           -- room for many versions of the row in its page
    INSERT INTO directory.feed (head, history, lineage) VALUES (0, 0, 'none yet');

    CREATE TABLE directory.changes (
        position BIGINT PRIMARY KEY,
        kind     TEXT   NOT NULL,       -- 'pair' or 'radius'
        a        TEXT   NOT NULL,       -- the low one of the pair, or whose radius it is
        b        TEXT,                  -- the high one of the pair
        class    TEXT,                  -- how the pair sees each other; NULL: no longer
        radius_m BIGINT,                -- NULL: the deployment's
        at_ms    BIGINT NOT NULL        -- by the server's clock
    );
";

/// Nothing to be made: programs of before, which can't read these kinds, don't begin with them.
const PEOPLE: &str = "
    COMMENT ON COLUMN directory.changes.kind IS
        'pair; radius; standing: what a is shown of b; name: of a';
";

/// All of it.
pub(super) const SCHEMA: Schema = Schema { name: "directory", namespace: NAMESPACE, steps: &STEPS };

/// Brings the schema up to date: all the missing steps in one transaction, or none. Any number of processes may do it
/// at once, and it may be repeated.
pub async fn migrate(config: &Config) -> Result<Migrated, StoreError> {
    SCHEMA.migrate(&config.primary()?).await
}
