//! What movement history measures.

api::metric_table! {
    /// Points that were handed in, by what they survive (log, memory, nothing).
    Counter POINTS = "whereabouts_history_points_total";
    /// Points that the log made durable.
    Counter LOG_POINTS = "whereabouts_history_log_points_total";
    /// Points that the log didn't take, by reason (full, busy, unavailable, stopped): they are kept in memory at most.
    Counter LOG_REFUSED = "whereabouts_history_log_refused_points_total";
    /// Points that were in the log and can't be read any more, because files are damaged or missing.
    Counter LOG_LOST = "whereabouts_history_log_lost_points_total";
    /// The bytes of the log.
    Gauge LOG_BYTES = "whereabouts_history_log_bytes";
    /// The bytes that the log may have; with as many it takes no more points.
    Gauge LOG_BYTES_MAX = "whereabouts_history_log_max_bytes";
    /// Time of one write of all that waited, from the first byte to its being on disk.
    Histogram LOG_WRITE_DURATION = "whereabouts_history_log_write_duration_seconds";
    /// How long ago the oldest point was received that isn't stored yet, seconds.
    Gauge LOG_OLDEST_AGE = "whereabouts_history_log_oldest_unwritten_age_seconds";
    /// Chunks that are open: gathered, and not yet stored.
    Gauge CHUNKS_OPEN = "whereabouts_history_open_chunks";
    /// Points in open chunks.
    Gauge POINTS_OPEN = "whereabouts_history_open_points";
    /// Chunks that were stored.
    Counter CHUNKS = "whereabouts_history_stored_chunks_total";
    /// Points of a chunk that was stored.
    Histogram CHUNK_POINTS = "whereabouts_history_chunk_points";
    /// Time of storing chunks together, keys and erasures looked up.
    Histogram STORE_DURATION = "whereabouts_history_store_duration_seconds";
    /// Times that storing failed and was to be repeated.
    Counter STORE_RETRIES = "whereabouts_history_store_retries_total";
    /// Chunks that the store doesn't take, and that were put aside.
    Counter DEAD_LETTERS = "whereabouts_history_dead_letters_total";
    /// Chunks that were older than is kept, and were forgotten.
    Counter FORGOTTEN = "whereabouts_history_forgotten_chunks_total";
    /// Erasures, by what was erased (range, all).
    Counter ERASURES = "whereabouts_history_erasures_total";
    /// Parts of tracks that were read, by result (complete, incomplete, failed).
    Counter READS = "whereabouts_history_reads_total";
    /// Time of reading part of a track.
    Histogram READ_DURATION = "whereabouts_history_read_duration_seconds";
    /// Users' keys that were wrapped again, by the first of the deployment's keys.
    Counter REWRAPPED = "whereabouts_history_rewrapped_keys_total";
    /// Earlier keys of the deployment that still wrap users' keys: at 0 only the first of them is needed.
    Gauge EARLIER_KEYS = "whereabouts_history_earlier_keys";
    /// Questions to other processes what waits in their logs, by result (answered, failed).
    Counter PEER_QUESTIONS = "whereabouts_history_peer_questions_total";
    /// Time until all other processes had answered, or weren't waited for any more.
    Histogram PEER_DURATION = "whereabouts_history_peer_duration_seconds";
    /// Users who are known to have their history off.
    Gauge USERS_OFF = "whereabouts_history_off_users";
}
