//! What clients and sessions say to each other, as values. What they look like on the wire is for `protocol` to say.

mod refusal;
mod reply;
mod request;

pub(crate) use refusal::{BoardEnd, Rejection};
pub use refusal::{CloseCode, ErrorWord};
pub(crate) use reply::{BoardChange, Changes, Departure, Push, Reply, Seen, Snapshot, Welcome};
pub(crate) use request::{LeftOut, OptionalField, RefusedFix, Request, SentFix, Token};
