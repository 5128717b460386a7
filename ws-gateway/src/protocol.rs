//! The words of PROTOCOL.md: what clients may say, what the server says, and how connections end.

mod close;
pub(crate) mod reply;
pub(crate) mod request;

pub use close::CloseCode;
pub use reply::REPLY_TYPES;
pub(crate) use request::Fault;
pub use request::{ErrorWord, REQUEST_TYPES};

/// The subprotocol of this page.
pub const SUBPROTOCOL_JSON: &str = "whereabouts.v1.json";
