use model::{ErrorKind, IdError};

use super::{SECRET_BYTES_MIN, TOKEN_BYTES_MAX};
use crate::Problem;

/// Why a token is not valid. Says nothing of the token itself, so that it may be logged and answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Over [`TOKEN_BYTES_MAX`].
    #[error("the token is over {TOKEN_BYTES_MAX} bytes")]
    TooLong,
    /// Not three parts of base64url, or not the JSON that belongs there.
    #[error("the token is not a signed JWT")]
    Malformed,
    /// A header parameter that must be understood (`crit`) and isn't.
    #[error("the token has critical header parameters, none of which we know")]
    Critical,
    /// Several keys are configured and the token doesn't name its own.
    #[error("the token doesn't name its key (kid)")]
    NoKeyId,
    /// Names a key that isn't configured.
    #[error("the token's key (kid) is not known")]
    UnknownKey,
    /// Another algorithm than its key's.
    #[error("the token's algorithm (alg) is not its key's")]
    WrongAlgorithm,
    /// Not signed with the key.
    #[error("the token's signature is wrong")]
    BadSignature,
    /// Has no `exp`.
    #[error("the token has no expiry (exp)")]
    NoExpiry,
    /// `exp` has passed.
    #[error("the token has expired")]
    Expired,
    /// `nbf` or `iat` is in the future.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// `iss` is absent or another.
    #[error("the token's issuer (iss) is not ours")]
    WrongIssuer,
    /// `aud` is absent or doesn't name us.
    #[error("the token's audience (aud) is not us")]
    WrongAudience,
    /// Has no `sub`.
    #[error("the token has no subject (sub)")]
    NoSubject,
    /// `sub` can't be a user's id.
    #[error("the token's subject {0}")]
    BadSubject(IdError),
    /// `role` is none that we know.
    #[error("the token's role is not user, service or operator")]
    UnknownRole,
}

impl From<TokenError> for Problem {
    fn from(fault: TokenError) -> Self {
        let code = match fault {
            TokenError::Expired => "token_expired",
            // Clocks differ, perhaps ours: the only one of all that passes by itself.
            TokenError::NotYetValid => "token_not_yet_valid",
            _ => "invalid_token",
        };
        Self::new(ErrorKind::Unauthenticated, code, fault.to_string())
    }
}

/// Why a set of keys can't be used. Says nothing of the keys themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// A secret under [`SECRET_BYTES_MIN`].
    #[error("an HS256 secret needs at least {SECRET_BYTES_MIN} bytes")]
    ShortSecret,
    /// Not an Ed25519 key in PEM.
    #[error("not an Ed25519 key in PEM (PKCS #8, or SPKI for a public key)")]
    NotEd25519,
    /// A name that is empty or over 64 bytes.
    #[error("a key's name (kid) needs 1 to 64 characters")]
    BadKeyId,
    /// Two keys of one name.
    #[error("two keys have the same name (kid)")]
    RepeatedKeyId,
    /// No key at all.
    #[error("no key is configured")]
    NoKeys,
}
