//! What a run tells while it lasts, and at its end.

pub(crate) mod latency;
pub(crate) mod memory;
pub(crate) mod progress;
pub(crate) mod scene;
pub(crate) mod summary;
