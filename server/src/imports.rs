//! Files that commands import.

pub(crate) mod places;
pub(crate) mod scores;
mod text_file;
pub(crate) mod tracks;
