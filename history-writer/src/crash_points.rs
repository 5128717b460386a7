//! Where tests let a process die between its log and its stores, as a power cut would (`model::crash`); those of the log are its
//! own ([`embedded::crash_points`](crate::embedded::crash_points)).

model::crash_points! {
    /// Chunks are in the transaction, which isn't committed.
    STORE_WRITTEN = "history.store_written";
    /// They are stored, but nobody is answered.
    STORE_COMMITTED = "history.store_committed";
    /// The register has an erasure, but nobody is answered.
    REGISTER_ERASED = "history.register_erased";
    /// Users have keys, and nothing is sealed by these.
    KEYS_MADE = "history.keys_made";
    /// Chunks are stored, and the log isn't told.
    CHUNKS_STORED = "history.chunks_stored";
    /// An erasure is noted, and what is stored isn't erased.
    ERASURE_NOTED = "history.erasure_noted";
    /// It is, and nobody is answered.
    ERASED = "history.erased";
}
