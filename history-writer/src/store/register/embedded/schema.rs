/// Each step leads from the version that is its index to the next; `PRAGMA user_version` says how many were taken.
/// A step that was released is never changed.
pub(super) const STEPS: [&str; 1] = [FIRST];

const FIRST: &str = "
    CREATE TABLE records (
        user        TEXT    NOT NULL PRIMARY KEY,
        wrapped_key BLOB                -- NULL: none yet, or destroyed
    ) STRICT, WITHOUT ROWID;

    -- The name of the deployment's key that wrapped stands behind the version of the form.
    CREATE INDEX records_by_wrapping ON records (substr(wrapped_key, 2, 4))
        WHERE wrapped_key IS NOT NULL;

    -- Those of a user lie one behind the other.
    CREATE TABLE off_stretches (
        user     TEXT    NOT NULL,
        since_ms INTEGER NOT NULL,
        until_ms INTEGER,               -- NULL: it is off
        PRIMARY KEY (user, since_ms)
    ) STRICT, WITHOUT ROWID;

    CREATE INDEX off_ages ON off_stretches (until_ms) WHERE until_ms IS NOT NULL;
    CREATE INDEX users_off ON off_stretches (user) WHERE until_ms IS NULL;

    -- Those of a user lie apart from each other.
    CREATE TABLE erasures (
        user      TEXT    NOT NULL,
        from_ms   INTEGER NOT NULL,
        to_ms     INTEGER NOT NULL,
        erased_ms INTEGER NOT NULL,
        PRIMARY KEY (user, from_ms)
    ) STRICT, WITHOUT ROWID;

    CREATE INDEX erasure_ages ON erasures (erased_ms);

    CREATE TABLE dead_letters (
        number      INTEGER NOT NULL PRIMARY KEY,
        user        TEXT    NOT NULL,
        first_ms    INTEGER NOT NULL,
        last_ms     INTEGER NOT NULL,
        received_ms INTEGER NOT NULL,
        points      INTEGER NOT NULL,
        bytes       BLOB    NOT NULL,
        reason      TEXT    NOT NULL,
        at_ms       INTEGER NOT NULL
    ) STRICT;

    CREATE INDEX dead_letter_users ON dead_letters (user);

    -- They lie apart from each other.
    CREATE TABLE gaps (
        from_ms INTEGER NOT NULL PRIMARY KEY,
        to_ms   INTEGER NOT NULL
    ) STRICT;
";
