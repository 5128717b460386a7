//! Keys that an issuer publishes (JWKS, RFC 7517): which of them are taken, and when they are asked for.

mod asking;
mod parse;
mod remote;

pub(super) use asking::{Absence, SoughtKey};
pub use parse::{JWKS_BYTES_MAX, JWKS_KEYS_MAX, Jwks, JwksError, jwks};
pub(super) use remote::Remote;
pub use remote::{FETCH_MS_MAX, FetchError, KeySource, UNKNOWN_KEY_INTERVAL_MS};
