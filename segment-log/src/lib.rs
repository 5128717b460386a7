//! A log in files: what parts share that keep their truth on the disk of one process.
//!
//! ```text
//! append ─▶ OpenFrame ─▶ Writer::write: one write and one sync ─▶ log-00000000000000000001, log-00000000000000000481, …
//! start  ─▶ segments() ─▶ recover(): frame by frame ─▶ the part's memory ─▶ Tail ─▶ Writer::open
//! ```
//! A log is a folder of segments. A segment has a header and frames, and is named by the number of its first record; a
//! frame holds the records of one write, and its number is that of its first record. A part brings what a record is, and
//! what is done with it at the start.
//!
//! # Invariants
//! * What [`Writer::write`] answered with success survives a power cut.
//! * Records have numbers from 1 on, without gaps, in the order in which they were written.
//! * Only what isn't whole at the very end of the last segment is cut off: nobody was told that it is kept. All other
//!   damage is told with its place.
//! * After a sync that failed nothing is written until the process starts again ([`Stop`]).
//! * Nothing here knows whose records they are.
//!
//! # Limits
//! [`PAYLOAD_BYTES_MAX`] of a frame, and of what isn't whole and is looked through for frames; a segment's bytes are a setting ([`Settings`]).

mod bytes;
mod check;
mod disk;
mod error;
mod frame;
mod frame_reader;
mod recovery;
mod segments;
mod settings;
mod stop;
#[cfg(any(test, feature = "test-kit"))]
pub mod test_kit;
#[cfg(test)]
mod tests;
mod writer;

pub use bytes::{Bytes, Malformed, put_i64, put_text, put_u64};
pub use check::{check_folder, check_header};
pub use disk::{Disk, DiskFile, LocalDisk};
pub use error::Error;
pub use frame::{FileFormat, HEADER_BYTES, OpenFrame, PAYLOAD_BYTES_MAX, header};
pub use frame_reader::{FrameReader, Next, whole_frame_behind};
pub use recovery::{Recovered, Tail, recover};
pub use segments::{is_outdated, make_folder, numbered, segment, segments};
pub use settings::{CrashPoints, Settings};
pub use stop::Stop;
pub use writer::Writer;
