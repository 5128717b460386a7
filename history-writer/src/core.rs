//! What is decided here: what a point is, how points become chunks, and how a track is put together again. Pure: no lock,
//! no I/O, no clock of its own.

pub(crate) mod chunk;
pub(crate) mod chunking;
pub(crate) mod cost;
pub(crate) mod erasure;
pub(crate) mod gaps;
pub mod limits;
pub(crate) mod logged;
pub(crate) mod off_times;
pub(crate) mod point;
pub(crate) mod sealing;
pub(crate) mod simplify;
pub(crate) mod summary;
pub(crate) mod track;
