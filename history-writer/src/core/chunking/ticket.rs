use crate::core::logged::LogPosition;

/// Names a chunk that was taken to be stored. The lower one has the point that lies lower in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChunkTicket {
    /// The lowest position of its points.
    pub(super) lowest: LogPosition,
    /// Tells chunks apart that begin at one position.
    pub(super) serial: u64,
}
