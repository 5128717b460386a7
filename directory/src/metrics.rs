//! What the directory measures.

api::metric_table! {
    /// Mutations answered, by mutation and result (created, changed, unchanged, refused, failed).
    Counter MUTATIONS = "whereabouts_directory_mutations_total";
    /// Time of one group commit, from taking the mutations to their being on disk.
    Histogram COMMIT_DURATION = "whereabouts_directory_commit_duration_seconds";
    /// Mutations that shared one group commit.
    Histogram COMMIT_MUTATIONS = "whereabouts_directory_commit_mutations";
    /// Circles read.
    Counter CIRCLES = "whereabouts_directory_circles_total";
    /// Statements that read circles, each for all who waited.
    Counter CIRCLE_READS = "whereabouts_directory_circle_reads_total";
}
