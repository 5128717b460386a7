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
    /// Time of a script on a Redis server that has boards, by shard and script (take, read, build, …).
    Histogram REDIS_SCRIPT = "whereabouts_leaderboard_redis_script_seconds";
    /// Times that the connection to a Redis server with boards was made, by shard.
    Counter REDIS_RECONNECTS = "whereabouts_leaderboard_redis_connects_total";
    /// The memory that a Redis server with boards takes, bytes, by shard.
    Gauge REDIS_MEMORY = "whereabouts_leaderboard_redis_memory_bytes";
    /// The memory that it may take, bytes, by shard; 0 without a limit.
    Gauge REDIS_MEMORY_MAX = "whereabouts_leaderboard_redis_memory_max_bytes";
    /// For how long it answered nobody when it last forked for a background save, seconds, by shard.
    Gauge REDIS_FORK = "whereabouts_leaderboard_redis_fork_seconds";
    /// The memory that it copied while it last saved in the background, bytes, by shard: needed beside what it takes.
    Gauge REDIS_SAVE_COPIED = "whereabouts_leaderboard_redis_save_copied_bytes";
}
