//! Businesses: what is said of them, by whom, and what a batch of mutations makes of them.

pub(crate) mod business;
pub(crate) mod category;
pub(crate) mod change;
pub(crate) mod change_set;
pub(crate) mod details;
pub(crate) mod hours;
pub(crate) mod id;
pub(crate) mod index_delta;
pub(crate) mod mutation;
pub(crate) mod needs;
pub(crate) mod patch;
pub(crate) mod request_digest;
pub(crate) mod text;
pub(crate) mod transaction_state;
