//! What happens to people: where they go, who their friends are, and what becomes of that.

pub(crate) mod chance;
pub(crate) mod changes;
pub(crate) mod friendships;
pub(crate) mod graph;
pub(crate) mod replay;
pub(crate) mod setup;
pub(crate) mod trace;
pub(crate) mod walk;
