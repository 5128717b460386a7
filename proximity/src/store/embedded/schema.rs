/// Each step leads from the version that is its index to the next; `PRAGMA user_version` says how many were taken.
/// A step that was released is never changed.
pub(super) const STEPS: [&str; 4] = [FIRST, NAMES, DIGESTS, HORIZON];

const FIRST: &str = "
    -- One row: how many changes there were, and of which history.
    CREATE TABLE feed (
        head    INTEGER NOT NULL,
        history INTEGER NOT NULL
    ) STRICT;
    INSERT INTO feed VALUES (0, random());

    CREATE TABLE businesses (
        id            INTEGER NOT NULL PRIMARY KEY,
        feed_position INTEGER NOT NULL UNIQUE,  -- of its last change
        placed        INTEGER NOT NULL,         -- the position of the change that put it where it is
        version       INTEGER NOT NULL,
        owner         TEXT,
        source        TEXT,
        source_id     TEXT,
        name          TEXT    NOT NULL,
        latitude      REAL    NOT NULL,
        longitude     REAL    NOT NULL,
        hours         TEXT,
        rest          TEXT    NOT NULL,         -- JSON: what nothing is searched by
        updated_ms    INTEGER NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX sources ON businesses (source, source_id) WHERE source IS NOT NULL;
    CREATE INDEX owned ON businesses (owner, id) WHERE owner IS NOT NULL;

    CREATE TABLE removed (
        feed_position INTEGER NOT NULL PRIMARY KEY,
        id            INTEGER NOT NULL,
        version       INTEGER NOT NULL,
        updated_ms    INTEGER NOT NULL
    ) STRICT;

    -- What searches read, and nothing else: each is a range of one of these.
    CREATE TABLE places (
        code      INTEGER NOT NULL,
        id        INTEGER NOT NULL,
        latitude  REAL    NOT NULL,
        longitude REAL    NOT NULL,
        placed    INTEGER NOT NULL,
        PRIMARY KEY (code, id)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE categories (
        id  INTEGER NOT NULL PRIMARY KEY,
        key TEXT    NOT NULL UNIQUE
    ) STRICT;

    CREATE TABLE category_places (
        category_id INTEGER NOT NULL,
        code        INTEGER NOT NULL,
        id          INTEGER NOT NULL,
        latitude    REAL    NOT NULL,
        longitude   REAL    NOT NULL,
        placed      INTEGER NOT NULL,
        PRIMARY KEY (category_id, code, id)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE cells (
        cell       INTEGER NOT NULL PRIMARY KEY,
        businesses INTEGER NOT NULL
    ) STRICT;

    -- By H3's index, of every resolution from 0 to 11.
    CREATE TABLE hexagons (
        cell       INTEGER NOT NULL PRIMARY KEY,
        businesses INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE keys (
        caller      TEXT    NOT NULL,
        key         TEXT    NOT NULL,
        fingerprint INTEGER NOT NULL,
        at_ms       INTEGER NOT NULL,
        outcome     TEXT    NOT NULL,
        PRIMARY KEY (caller, key)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX key_ages ON keys (at_ms);
";

/// Searches that tell names find them where they look anyway.
const NAMES: &str = "
    ALTER TABLE places ADD COLUMN name TEXT NOT NULL DEFAULT '';
    UPDATE places SET name = (SELECT name FROM businesses WHERE businesses.id = places.id);
    ALTER TABLE category_places ADD COLUMN name TEXT NOT NULL DEFAULT '';
    UPDATE category_places
        SET name = (SELECT name FROM businesses WHERE businesses.id = category_places.id);
";

/// Requests with keys are compared by a digest of their canonical form, hexadecimal; NULL where it was stored before.
const DIGESTS: &str = "ALTER TABLE keys ADD COLUMN digest TEXT;";

/// Removals, and categories that no business has any more, are forgotten after a while.
const HORIZON: &str = "
    ALTER TABLE feed ADD COLUMN horizon INTEGER NOT NULL DEFAULT 0;  -- removals up to here are forgotten
    ALTER TABLE categories ADD COLUMN emptied_ms INTEGER;            -- when the last business left it
    CREATE INDEX emptied ON categories (emptied_ms) WHERE emptied_ms IS NOT NULL;
    UPDATE categories SET emptied_ms = unixepoch() * 1000
        WHERE NOT EXISTS (SELECT 1 FROM category_places WHERE category_id = categories.id);
";
