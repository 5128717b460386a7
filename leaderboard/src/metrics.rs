//! What leaderboards measure.

api::metric_table! {
    /// Writes answered, by mutation and result (done, refused, failed); each event of a request is one.
    Counter WRITES = "whereabouts_leaderboard_writes_total";
    /// Time of one group commit, from taking the requests to their being on disk.
    Histogram COMMIT_DURATION = "whereabouts_leaderboard_commit_duration_seconds";
    /// Requests that shared one group commit.
    Histogram COMMIT_REQUESTS = "whereabouts_leaderboard_commit_requests";
}
