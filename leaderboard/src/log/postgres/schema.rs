use sql::StoreError;
use sql::postgres::{Migrated, Schema};

use super::plans::primary;
use super::{Config, NAMESPACE};

/// Each step leads from the version that is its index to the next; `leaderboard.schema_version` says how many were taken.
/// A step that was released is never changed.
///
/// Ids compare as bytes (`COLLATE "C"`) whatever the database's language: lists promise that order.
const STEPS: [&str; 1] = [FIRST];

const FIRST: &str = r#"
    CREATE SCHEMA leaderboard;

    CREATE TABLE leaderboard.schema_version (
        only_row BOOLEAN PRIMARY KEY DEFAULT true CHECK (only_row),
        number   BIGINT  NOT NULL
    );
    INSERT INTO leaderboard.schema_version (number) VALUES (0);

    -- The highest number that a board ever had, and of which history all positions are. Whoever makes or deletes boards
    -- locks the row.
    CREATE TABLE leaderboard.feed (
        only_row BOOLEAN PRIMARY KEY DEFAULT true CHECK (only_row),
        head     BIGINT  NOT NULL,
        history  BIGINT  NOT NULL,
        lineage  TEXT    NOT NULL       -- which server's timeline the history is of
    );
    INSERT INTO leaderboard.feed (head, history, lineage) VALUES (0, 0, 'none yet');

    -- Whoever appends to a board locks its row, so that its positions have no gaps and follow the order of commits. The
    -- row is changed by each batch: it has room beside it.
    CREATE TABLE leaderboard.boards (
        number     BIGINT PRIMARY KEY,
        id         TEXT   COLLATE "C" NOT NULL UNIQUE,
        head       BIGINT NOT NULL,     -- the last position
        banned     BIGINT NOT NULL,     -- how many are
        due_ms     BIGINT,              -- when something of its seasons comes to its end next
        definition BYTEA  NOT NULL      -- its rules and seasons, and when it was made
    ) WITH (fillfactor = 50);
    CREATE INDEX boards_due ON leaderboard.boards (due_ms);

    -- Numbers of boards that are gone, until all that was on them is removed.
    CREATE TABLE leaderboard.deleted (number BIGINT PRIMARY KEY);

    -- Seasons that boards don't keep any more, until all that was on them is removed.
    CREATE TABLE leaderboard.dropped (
        board  BIGINT  NOT NULL,
        season INTEGER NOT NULL,
        PRIMARY KEY (board, season)
    );

    -- People who are unknown, until nothing of the log says who they were. What they did later isn't theirs.
    CREATE TABLE leaderboard.erased (
        board     BIGINT NOT NULL,
        position  BIGINT NOT NULL,      -- of the erasing
        user_id   TEXT   COLLATE "C" NOT NULL,
        pseudonym TEXT   COLLATE "C" NOT NULL,
        since     TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
        PRIMARY KEY (board, position)
    );

    -- How many have something, banned or not; of a sealed season everybody is shown.
    CREATE TABLE leaderboard.seasons (
        board   BIGINT  NOT NULL,
        season  INTEGER NOT NULL,
        players BIGINT  NOT NULL,
        sealed  BOOLEAN NOT NULL DEFAULT false,
        PRIMARY KEY (board, season)
    ) WITH (fillfactor = 50);

    -- What everybody has. A score that changes stays where the index says.
    CREATE TABLE leaderboard.entries (
        board   BIGINT  NOT NULL,
        season  INTEGER NOT NULL,
        user_id TEXT    COLLATE "C" NOT NULL,
        score   BIGINT  NOT NULL,
        reached BIGINT  NOT NULL,       -- the position
        PRIMARY KEY (board, season, user_id)
    ) WITH (fillfactor = 80);

    CREATE TABLE leaderboard.bans (
        board   BIGINT NOT NULL,
        user_id TEXT   COLLATE "C" NOT NULL,
        PRIMARY KEY (board, user_id)
    );

    -- The log. A ban has a row for each season that the player is on, or one without a score.
    CREATE TABLE leaderboard.changes (
        board    BIGINT  NOT NULL,
        position BIGINT  NOT NULL,
        part     INTEGER NOT NULL,      -- which row of its position, from 0
        season   INTEGER NOT NULL,
        user_id  TEXT    COLLATE "C",
        what     TEXT    NOT NULL,      -- created, changed, unchanged: by an event; ban, unban; season; erased, removed
        shown    BOOLEAN NOT NULL,      -- among the others, since it isn't a banned player's
        score    BIGINT,                -- what they have since
        reached  BIGINT,
        amount   BIGINT,                -- what the event said
        producer TEXT    COLLATE "C",
        key      TEXT    COLLATE "C",
        at_ms    BIGINT,                -- when the event came
        PRIMARY KEY (board, position, part)
    );

    CREATE TABLE leaderboard.keys (
        producer TEXT   COLLATE "C" NOT NULL,
        key      TEXT   COLLATE "C" NOT NULL,
        at_ms    BIGINT NOT NULL,
        digest   BYTEA  NOT NULL,       -- of the event
        result   BYTEA  NOT NULL,       -- what became of it
        PRIMARY KEY (producer, key)
    );
    CREATE INDEX key_ages ON leaderboard.keys (at_ms);
"#;

/// All of it.
pub(super) const SCHEMA: Schema =
    Schema { name: "leaderboard", namespace: NAMESPACE, steps: &STEPS };

/// Brings the schema up to date: all the missing steps in one transaction, or none. Any number of processes may do it
/// at once, and it may be repeated.
pub async fn migrate(config: &Config) -> Result<Migrated, StoreError> {
    SCHEMA.migrate(&primary(config)?).await
}
