//! What the directory measures.

api::metric_table! {
    /// Commands answered, by command and result (created, changed, unchanged, refused, failed).
    Counter COMMANDS = "directory_commands_total";
    /// Time of one group commit, from taking the commands to their being on disk.
    Histogram COMMIT_DURATION = "directory_commit_duration_seconds";
    /// Commands that shared one group commit.
    Histogram COMMIT_COMMANDS = "directory_commit_commands";
    /// Circles read.
    Counter CIRCLES = "directory_circles_total";
    /// Statements that read circles, each for all who waited.
    Counter CIRCLE_READS = "directory_circle_reads_total";
}
