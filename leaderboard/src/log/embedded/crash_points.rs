//! Where tests let the process die, as a power cut would (`model::crash`).

use segment_log::CrashPoints;

model::crash_points! {
    /// What follows the last frame was cut off at the start.
    TAIL_CUT = "leaderboard.tail_cut";
    /// A batch is decided and encoded.
    ENCODED = "leaderboard.encoded";
    /// It is written, but may not survive a power cut.
    WRITTEN = "leaderboard.written";
    /// It is durable, but not in memory.
    SYNCED = "leaderboard.synced";
    /// It is in memory, but nobody is answered.
    APPLIED = "leaderboard.applied";
    /// A segment has its name, but no header.
    SEGMENT_MADE = "leaderboard.segment_made";
    /// It has its header, but its name may not survive a power cut.
    SEGMENT_SYNCED = "leaderboard.segment_synced";
    /// It is durable, and nothing is in it.
    SEGMENT_STARTED = "leaderboard.segment_started";
    /// What comes from now on is in another segment than what the snapshot is to be of.
    SNAPSHOT_STARTED = "leaderboard.snapshot_started";
    /// A part of the snapshot is written.
    SNAPSHOT_CHUNK = "leaderboard.snapshot_chunk";
    /// All of it is, but may not survive a power cut.
    SNAPSHOT_WRITTEN = "leaderboard.snapshot_written";
    /// It is durable, under another name than it will have.
    SNAPSHOT_SYNCED = "leaderboard.snapshot_synced";
    /// It has its name, which may not survive a power cut.
    SNAPSHOT_RENAMED = "leaderboard.snapshot_renamed";
    /// It is there for good, and so is what it makes needless.
    SNAPSHOT_KEPT = "leaderboard.snapshot_kept";
    /// Some of that is removed.
    SNAPSHOT_CLEANED = "leaderboard.snapshot_cleaned";
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
