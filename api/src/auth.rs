mod authenticated;
mod bearer;
mod error;
mod key;
mod memo;
mod signer;
mod verifier;

pub use authenticated::Authenticated;
pub use bearer::{BearerError, bearer};
pub use error::{KeyError, TokenError};
pub use key::{SECRET_BYTES_MIN, VerifyingKey};
pub use memo::TOKENS_REMEMBERED_MAX;
pub use signer::Signer;
pub use verifier::{TOKEN_BYTES_MAX, Verifier};
