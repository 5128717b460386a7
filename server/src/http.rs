//! What the node serves over HTTP besides its parts: the listener, all routes together, operators' endpoints, the
//! development page.

pub(crate) mod arrival;
pub(crate) mod dev;
pub(crate) mod export;
pub(crate) mod listener;
pub(crate) mod operations;
pub mod problems;
pub(crate) mod routes;
