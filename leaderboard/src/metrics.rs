//! What leaderboards measure.

api::metric_table! {
    /// Writes answered, by mutation and result (done, refused, failed); each event of a request is one.
    Counter WRITES = "whereabouts_leaderboard_writes_total";
    /// Time of one group commit, from taking the requests to their being on disk.
    Histogram COMMIT_DURATION = "whereabouts_leaderboard_commit_duration_seconds";
    /// Requests that shared one group commit.
    Histogram COMMIT_REQUESTS = "whereabouts_leaderboard_commit_requests";
    /// Changes of the board that an index is furthest behind of its log with, by index.
    Gauge INDEX_LAG = "whereabouts_leaderboard_index_lag_positions";
    /// Boards that an index began to build anew, by index and reason (absent, other_log, ahead, damaged, behind).
    Counter INDEX_REBUILDS = "whereabouts_leaderboard_index_rebuilds_total";
}
