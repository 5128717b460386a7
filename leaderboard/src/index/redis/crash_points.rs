//! Where tests let the process die between log and index, as a power cut would (`model::crash`).

model::crash_points! {
    /// Changes are read from the log, but no server has them.
    READ = "leaderboard.redis_read";
    /// A server has them, but nobody here knows.
    TAKEN = "leaderboard.redis_taken";
    /// A board is begun to be built anew.
    BEGUN = "leaderboard.redis_begun";
    /// Some entries are in what is built.
    ADDED = "leaderboard.redis_added";
    /// What was built is the board.
    BUILT = "leaderboard.redis_built";
}
