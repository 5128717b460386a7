//! What is decided here: what a score becomes, who stands where, and what the log says of it. Pure: no lock, no I/O, no clock
//! of its own.

pub(crate) mod board;
pub(crate) mod changes;
pub(crate) mod cost;
pub(crate) mod entry;
pub(crate) mod event;
pub mod limits;
pub(crate) mod memory;
pub(crate) mod mutation;
pub(crate) mod recent_changes;
pub(crate) mod record;
pub(crate) mod refusal;
pub(crate) mod request_digest;
pub(crate) mod season;
pub(crate) mod standings;
pub(crate) mod transaction_state;
