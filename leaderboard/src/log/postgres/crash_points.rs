//! Where tests let the process die, as a power cut would (`model::crash`).

model::crash_points! {
    /// The boards are locked, and what a batch needs is read.
    LOADED = "leaderboard.postgres_loaded";
    /// The batch is decided.
    DECIDED = "leaderboard.postgres_decided";
    /// It is written, but not committed.
    WRITTEN = "leaderboard.postgres_written";
    /// It is committed, but not in memory.
    COMMITTED = "leaderboard.postgres_committed";
    /// It is in memory, but nobody is answered.
    TAKEN = "leaderboard.postgres_taken";
    /// Some keys that are too old are forgotten.
    KEYS_FORGOTTEN = "leaderboard.postgres_keys_forgotten";
    /// Some changes that are too old are removed.
    CHANGES_REMOVED = "leaderboard.postgres_changes_removed";
    /// Some of what was on a deleted board is removed.
    BOARD_CLEARED = "leaderboard.postgres_board_cleared";
}
