mod authenticated;
mod bearer;
mod claims;
mod error;
mod issuer;
mod jwks;
mod key;
mod memo;
mod signer;
mod verifier;

pub use authenticated::Authenticated;
pub use bearer::{BearerError, bearer};
pub use claims::ClaimPath;
pub use error::{KeyError, TokenError};
pub use issuer::{Issuer, IssuerRules, RoleRules, check_issuers};
pub use jwks::{
    FETCH_MS_MAX, FetchError, JWKS_BYTES_MAX, JWKS_KEYS_MAX, Jwks, JwksError, KeySource,
    UNKNOWN_KEY_INTERVAL_MS, jwks,
};
pub use key::{RSA_BITS_MIN, SECRET_BYTES_MIN, VerifyingKey};
pub use memo::TOKENS_REMEMBERED_BYTES_MAX;
pub use signer::Signer;
pub use verifier::{TOKEN_BYTES_MAX, Verified, Verifier};
