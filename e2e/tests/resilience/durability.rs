//! What was answered with success is there after a crash at any moment.
//!
//! Eight workers write through REST, each about users of its own, one request after the other; so it is known what each
//! thing must be after a crash: what was acknowledged last, or what the one request without an answer would have made
//! of it.

pub(crate) mod choice;
mod kills;
mod known;
pub(crate) mod line;
mod lists;
mod worker;
