/// Why bytes are no chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError {
    /// A newer program wrote it, or it is something else.
    #[error("chunks of format {0} can't be read by this version")]
    Format(u8),
    /// What was written isn't what is read.
    #[error("the checksum of a chunk doesn't fit its content")]
    Checksum,
    /// It isn't what this program writes, though its checksum fits.
    #[error("the content of a chunk isn't what this program writes")]
    Malformed,
}
