/// Each step leads from the version that is its index to the next; `PRAGMA user_version` says how many were taken.
/// A step that was released is never changed.
pub(super) const STEPS: [&str; 1] = [FIRST];

// A chunk is about a kilobyte. In a table by its number, which grows, chunks are written one behind the other and fill their pages;
// sorted by user each would dirty a page of its own, and what is larger than a quarter of a page would lie apart from its row.
const FIRST: &str = "
    CREATE TABLE users (
        number INTEGER NOT NULL PRIMARY KEY,
        id     TEXT    NOT NULL UNIQUE
    ) STRICT;

    CREATE TABLE chunks (
        number      INTEGER NOT NULL PRIMARY KEY,
        user        INTEGER NOT NULL,
        first_ms    INTEGER NOT NULL,
        digest      INTEGER NOT NULL,   -- moved so that signed numbers have the order of unsigned ones
        last_ms     INTEGER NOT NULL,
        received_ms INTEGER NOT NULL,
        points      INTEGER NOT NULL,
        bytes       BLOB    NOT NULL
    ) STRICT;

    CREATE UNIQUE INDEX chunk_places ON chunks (user, first_ms, digest);
    CREATE INDEX chunk_ages ON chunks (received_ms);
";
