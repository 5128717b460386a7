//! The words of PROTOCOL.md, a pure codec: text is parsed into the values that sessions take, and what sessions say is
//! written as text.

mod close;
pub(crate) mod reply;
pub(crate) mod request;

pub use crate::session::messages::{CloseCode, ErrorWord};
pub use reply::REPLY_TYPES;
pub use request::REQUEST_TYPES;

/// The subprotocol of this page.
pub const SUBPROTOCOL_JSON: &str = "whereabouts.v1.json";
