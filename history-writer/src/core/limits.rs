//! How much of everything there may be; units last.

/// The most points of a chunk.
pub const CHUNK_POINTS_MAX: usize = 60;
/// The longest time between the first and the last point of a chunk, milliseconds: whoever looks for points since a moment
/// finds them in chunks that begin at most so much earlier.
pub const CHUNK_SPAN_MS_MAX: i64 = 30 * 60 * 1_000;
/// How long a bucket is, milliseconds: a user's chunks of one bucket lie together. No chunk lies in two.
pub const BUCKET_MS: i64 = 7 * 24 * 60 * 60 * 1_000;
/// The most chunks of one user that are open at once: of one who uploads old points while new ones come.
pub const CHUNKS_OPEN_PER_USER_MAX: usize = 4;
/// How long a chunk stays open after its first point came, milliseconds.
pub const CHUNK_AGE_MS_MAX: u64 = 30 * 60 * 1_000;
/// The most chunks that are open at once where nothing else is set: at about 400 bytes each beside their points, 200 MB.
pub const CHUNKS_OPEN_MAX_DEFAULT: usize = 500_000;
/// The most points in open chunks where nothing else is set: at 80 bytes, and as much again for room to grow, 1.6 GB at most.
pub const POINTS_OPEN_MAX_DEFAULT: usize = 10_000_000;
/// The most stretches of time of a user in which their history was off.
pub const OFF_STRETCHES_MAX: usize = 64;
/// The most stretches of time of which points were refused or lost.
pub const GAPS_MAX: usize = 1_024;
/// The most points of one request.
pub const POSTED_POINTS_MAX: usize = 256;
/// The points that are simplified at a time. The first and the last of each such window are always kept.
pub const SIMPLIFY_WINDOW_POINTS: usize = 512;
/// Movement within so much around where somebody stopped isn't movement but noise of the phone, metres.
pub const JITTER_M: f64 = 20.0;
/// Slower than this on the way from one place to the next somebody stood for most of the time, metres per second.
pub const MOVING_MPS_MIN: f64 = 0.3;
/// A fix that is less certain than this doesn't count for distances and speeds, centimetres.
pub const ACCURACY_CM_MAX: u32 = 100 * 100;
/// The points that are read at a time of a track that is read as a whole: as text some 400 KB.
pub const PAGE_POINTS: usize = 2_048;
/// The points of a page of JSON where nothing else is asked for.
pub const TRACK_LIMIT_DEFAULT: usize = 1_000;
/// The most points of a page of JSON.
pub const TRACK_LIMIT_MAX: usize = 10_000;
/// The most points that a track can be thinned to (`max_points`).
pub const THINNED_POINTS_MAX: usize = 10_000;
/// The coarsest resolution by distance, metres.
pub const RESOLUTION_M_MAX: usize = 100_000;
/// The coarsest resolution by time, seconds: a week.
pub const RESOLUTION_S_MAX: usize = 604_800;
