/// Each step leads from the version that is its index to the next; `PRAGMA user_version` says how many were taken.
/// A step that was released is never changed.
pub(super) const STEPS: [&str; 2] = [FIRST, FEED];

const FIRST: &str = "
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
";

const FEED: &str = "
    -- One row: how many changes of circles there were, and of which history.
    CREATE TABLE feed (
        head    INTEGER NOT NULL,
        history INTEGER NOT NULL
    ) STRICT;
    INSERT INTO feed VALUES (0, random());

    CREATE TABLE changes (
        position INTEGER NOT NULL PRIMARY KEY,
        kind     TEXT    NOT NULL,      -- 'pair' or 'radius'
        a        TEXT    NOT NULL,      -- the low one of the pair, or whose radius it is
        b        TEXT,                  -- the high one of the pair
        class    TEXT,                  -- how the pair sees each other; NULL: no longer
        radius_m INTEGER,               -- NULL: the deployment's
        at_ms    INTEGER NOT NULL
    ) STRICT;
";
