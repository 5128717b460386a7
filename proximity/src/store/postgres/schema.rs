use sql::StoreError;
use sql::postgres::{Migrated, Schema};

use super::{Config, NAMESPACE};

/// Each step leads from the version that is its index to the next; `proximity.schema_version` says how many were
/// taken. A step that was released is never changed.
///
/// Texts that are looked up compare as bytes (`COLLATE "C"`), whatever the database's language.
const STEPS: [&str; 4] = [FIRST, NAMES, DIGESTS, HORIZON];

const FIRST: &str = r#"
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

    -- Counters have room beside them, so that what is counted again and again stays where the index says.
    CREATE TABLE proximity.cells (
        cell       BIGINT PRIMARY KEY,
        businesses BIGINT NOT NULL
    ) WITH (fillfactor = 60);

    -- By H3's index, of every resolution from 0 to 11.
    CREATE TABLE proximity.hexagons (
        cell       BIGINT PRIMARY KEY,
        businesses BIGINT NOT NULL
    ) WITH (fillfactor = 70);

    CREATE TABLE proximity.keys (
        caller      TEXT COLLATE "C" NOT NULL,
        key         TEXT COLLATE "C" NOT NULL,
        fingerprint BIGINT NOT NULL,
        at_ms       BIGINT NOT NULL,
        outcome     TEXT   NOT NULL,
        PRIMARY KEY (caller, key)
    );
    CREATE INDEX key_ages ON proximity.keys (at_ms);
"#;

/// Searches that tell names find them where they look anyway: twenty businesses somewhere in their table take longer to
/// read than all of a search.
const NAMES: &str = "
    ALTER TABLE proximity.places ADD COLUMN name TEXT;
    UPDATE proximity.places AS place SET name = business.name
        FROM proximity.businesses AS business WHERE business.id = place.id;
    ALTER TABLE proximity.places
        ALTER COLUMN name SET NOT NULL,
        DROP CONSTRAINT places_pkey,
        ADD PRIMARY KEY (code, id) INCLUDE (latitude, longitude, placed, name);

    ALTER TABLE proximity.category_places ADD COLUMN name TEXT;
    UPDATE proximity.category_places AS place SET name = business.name
        FROM proximity.businesses AS business WHERE business.id = place.id;
    ALTER TABLE proximity.category_places
        ALTER COLUMN name SET NOT NULL,
        DROP CONSTRAINT category_places_pkey,
        ADD PRIMARY KEY (category_id, code, id) INCLUDE (latitude, longitude, placed, name);
";

/// Requests with keys are compared by a digest of their canonical form, hexadecimal; NULL where it was stored before, or
/// by a process that knows no digests.
const DIGESTS: &str = "ALTER TABLE proximity.keys ADD COLUMN digest TEXT;";

/// Removals, and categories that no business has any more, are forgotten after a while.
const HORIZON: &str = "
    -- Removals up to here are forgotten.
    ALTER TABLE proximity.feed ADD COLUMN horizon BIGINT NOT NULL DEFAULT 0;
    -- When the last business left it.
    ALTER TABLE proximity.categories ADD COLUMN emptied_ms BIGINT;
    CREATE INDEX emptied ON proximity.categories (emptied_ms) WHERE emptied_ms IS NOT NULL;
    UPDATE proximity.categories AS category SET emptied_ms = extract(epoch FROM now()) * 1000
        WHERE NOT EXISTS (SELECT FROM proximity.category_places WHERE category_id = category.id);
";

/// All of it.
pub(super) const SCHEMA: Schema = Schema { name: "proximity", namespace: NAMESPACE, steps: &STEPS };

/// Brings the schema up to date: all the missing steps in one transaction, or none. Any number of processes may do it
/// at once, and it may be repeated.
pub async fn migrate(config: &Config) -> Result<Migrated, StoreError> {
    SCHEMA.migrate(&config.primary()?).await
}
