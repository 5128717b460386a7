use crate::FileFormat;

/// What one part's log differs in from another's.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// The log as it is called in errors: "the log of …".
    pub name: &'static str,
    /// What its segments begin with.
    pub format: FileFormat,
    /// A segment that has as many bytes is followed by another.
    pub segment_bytes_max: u64,
    /// Where tests let the process die.
    pub crash_points: CrashPoints,
}

/// The names of moments at which tests let the process die, as a power cut would (`model::crash`).
#[derive(Debug, Clone, Copy)]
pub struct CrashPoints {
    /// What follows the last frame was cut off at the start.
    pub tail_cut: &'static str,
    /// A frame is written, but may not survive a power cut.
    pub written: &'static str,
    /// It is durable, but nobody knows.
    pub synced: &'static str,
    /// A segment has its name, but no header.
    pub segment_made: &'static str,
    /// It has its header, but its name may not survive a power cut.
    pub segment_synced: &'static str,
    /// It is durable, and nothing is in it.
    pub segment_started: &'static str,
}
