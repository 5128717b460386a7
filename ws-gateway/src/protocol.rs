//! The words of PROTOCOL.md: what clients may say, what the server says, and how connections end.

mod close;
mod refusal;
pub(crate) mod reply;
pub(crate) mod request;

pub use close::CloseCode;
pub use refusal::ErrorWord;
pub(crate) use refusal::Fault;
pub use reply::REPLY_TYPES;
pub use request::REQUEST_TYPES;

/// The subprotocol of this page.
pub const SUBPROTOCOL_JSON: &str = "whereabouts.v1.json";
