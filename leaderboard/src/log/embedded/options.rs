use crate::core::limits::SEGMENT_BYTES_MAX;

/// What tests set otherwise.
#[derive(Debug, Clone, Copy)]
pub(super) struct Options {
    /// A segment that has as many bytes is followed by another.
    pub segment_bytes_max: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { segment_bytes_max: SEGMENT_BYTES_MAX }
    }
}
