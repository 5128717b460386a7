//! Where tests let the process die, as a power cut would (`model::crash`).

use segment_log::CrashPoints;

model::crash_points! {
    /// What follows the last frame was cut off at the start.
    TAIL_CUT = "history.log_tail_cut";
    /// What waited is taken and packed.
    PACKED = "history.log_packed";
    /// It is written, but may not survive a power cut.
    WRITTEN = "history.log_written";
    /// It is durable, but can't be read.
    SYNCED = "history.log_synced";
    /// It can be read, but nobody is answered.
    TAKEN = "history.log_taken";
    /// A segment has its name, but no header.
    SEGMENT_MADE = "history.log_segment_made";
    /// It has its header, but its name may not survive a power cut.
    SEGMENT_SYNCED = "history.log_segment_synced";
    /// It is durable, and nothing is in it.
    SEGMENT_STARTED = "history.log_segment_started";
    /// A mark is written, under another name than it will have.
    MARK_WRITTEN = "history.log_mark_written";
    /// It is durable, under that name.
    MARK_SYNCED = "history.log_mark_synced";
    /// It has its name, which may not survive a power cut.
    MARK_RENAMED = "history.log_mark_renamed";
    /// It is there for good, and so is what it makes needless.
    MARK_KEPT = "history.log_mark_kept";
    /// Some of that is removed.
    SEGMENT_REMOVED = "history.log_segment_removed";
}

/// Those of segments.
pub(super) const OF_SEGMENTS: CrashPoints = CrashPoints {
    tail_cut: TAIL_CUT,
    written: WRITTEN,
    synced: SYNCED,
    segment_made: SEGMENT_MADE,
    segment_synced: SEGMENT_SYNCED,
    segment_started: SEGMENT_STARTED,
};
