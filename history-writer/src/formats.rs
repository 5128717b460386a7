//! Tracks as text: writers that take a point after the other, and readers of what other programs have written.
//!
//! All of it is pure, and goes on from where the last bytes ended: no track and no file has to fit into memory.

mod read;
mod text;
mod write;

pub use read::{
    Columns, ImportError, ImportFormat, Imported, Numbering, SkipReason, Skipped, TrackReader,
};
pub(crate) use text::month;
pub use write::{TrackEnd, TrackFormat, TrackWriter};
