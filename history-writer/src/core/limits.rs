//! How much of everything there may be; units last.

/// The most points of a chunk.
pub const CHUNK_POINTS_MAX: usize = 60;
/// The longest time between the first and the last point of a chunk, milliseconds: whoever looks for points since a moment
/// finds them in chunks that begin at most so much earlier.
pub const CHUNK_SPAN_MS_MAX: i64 = 30 * 60 * 1_000;
/// How long a bucket is, milliseconds: a user's chunks of one bucket lie together. No chunk lies in two.
pub const BUCKET_MS: i64 = 7 * 24 * 60 * 60 * 1_000;
