//! What is decided here: what a business is and may become, where it is, and what a search asks for and finds. Pure: no lock,
//! no I/O, no clock of its own.

pub(crate) mod catalogue;
pub(crate) mod cost;
pub(crate) mod geo;
pub(crate) mod index;
pub mod limits;
pub(crate) mod refusal;
pub(crate) mod search;
