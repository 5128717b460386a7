//! What movement history measures.

api::metric_table! {
    /// Points that the log made durable.
    Counter LOG_POINTS = "whereabouts_history_log_points_total";
    /// Points that the log didn't take, by reason (full, busy, unavailable, stopped): they are kept in memory at most.
    Counter LOG_REFUSED = "whereabouts_history_log_refused_points_total";
    /// Points that were in the log and can't be read any more, because files are damaged or missing.
    Counter LOG_LOST = "whereabouts_history_log_lost_points_total";
    /// The bytes of the log.
    Gauge LOG_BYTES = "whereabouts_history_log_bytes";
    /// Time of one write of all that waited, from the first byte to its being on disk.
    Histogram LOG_WRITE_DURATION = "whereabouts_history_log_write_duration_seconds";
    /// How long ago the oldest point was received that isn't stored yet, seconds.
    Gauge LOG_OLDEST_AGE = "whereabouts_history_log_oldest_unwritten_age_seconds";
}
