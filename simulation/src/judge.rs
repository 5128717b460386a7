//! What people saw, compared with the truth.

pub(crate) mod checkpoint;
mod geometry;
pub(crate) mod inspector;
pub(crate) mod oracle;
