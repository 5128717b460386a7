use std::fmt;

use model::{ErrorKind, IdFault};

use super::{SECRET_BYTES_MIN, TOKEN_BYTES_MAX};
use crate::Problem;

/// Why a token is not valid. Says nothing of the token itself, so that it may be logged and answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenFault {
    /// Over [`TOKEN_BYTES_MAX`].
    TooLong,
    /// Not three parts of base64url, or not the JSON that belongs there.
    Malformed,
    /// A header parameter that must be understood (`crit`) and isn't.
    Critical,
    /// Several keys are configured and the token doesn't name its own.
    NoKeyId,
    /// Names a key that isn't configured.
    UnknownKey,
    /// Another algorithm than its key's.
    WrongAlgorithm,
    /// Not signed with the key.
    BadSignature,
    /// Has no `exp`.
    NoExpiry,
    /// `exp` has passed.
    Expired,
    /// `nbf` or `iat` is in the future.
    NotYetValid,
    /// `iss` is absent or another.
    WrongIssuer,
    /// `aud` is absent or doesn't name us.
    WrongAudience,
    /// Has no `sub`.
    NoSubject,
    /// `sub` can't be a user's id.
    BadSubject(IdFault),
    /// `role` is none that we know.
    UnknownRole,
}

impl fmt::Display for TokenFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => return write!(f, "the token is over {TOKEN_BYTES_MAX} bytes"),
            Self::BadSubject(fault) => return write!(f, "the token's subject {fault}"),
            Self::Malformed => "the token is not a signed JWT",
            Self::Critical => "the token has critical header parameters, none of which we know",
            Self::NoKeyId => "the token doesn't name its key (kid)",
            Self::UnknownKey => "the token's key (kid) is not known",
            Self::WrongAlgorithm => "the token's algorithm (alg) is not its key's",
            Self::BadSignature => "the token's signature is wrong",
            Self::NoExpiry => "the token has no expiry (exp)",
            Self::Expired => "the token has expired",
            Self::NotYetValid => "the token is not valid yet",
            Self::WrongIssuer => "the token's issuer (iss) is not ours",
            Self::WrongAudience => "the token's audience (aud) is not us",
            Self::NoSubject => "the token has no subject (sub)",
            Self::UnknownRole => "the token's role is not user, service or operator",
        })
    }
}

impl std::error::Error for TokenFault {}

impl From<TokenFault> for Problem {
    fn from(fault: TokenFault) -> Self {
        let code = match fault {
            TokenFault::Expired => "token_expired",
            // Clocks differ, perhaps ours: the only one of all that passes by itself.
            TokenFault::NotYetValid => "token_not_yet_valid",
            _ => "invalid_token",
        };
        Self::new(ErrorKind::Unauthenticated, code, fault.to_string())
    }
}

/// Why a set of keys can't be used. Says nothing of the keys themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyFault {
    /// A secret under [`SECRET_BYTES_MIN`].
    ShortSecret,
    /// Not an Ed25519 key in PEM.
    NotEd25519,
    /// A name that is empty or over 64 bytes.
    BadKeyId,
    /// Two keys of one name.
    RepeatedKeyId,
    /// No key at all.
    NoKeys,
}

impl fmt::Display for KeyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ShortSecret => {
                return write!(f, "an HS256 secret needs at least {SECRET_BYTES_MIN} bytes");
            }
            Self::NotEd25519 => "not an Ed25519 key in PEM (PKCS #8, or SPKI for a public key)",
            Self::BadKeyId => "a key's name (kid) needs 1 to 64 characters",
            Self::RepeatedKeyId => "two keys have the same name (kid)",
            Self::NoKeys => "no key is configured",
        })
    }
}

impl std::error::Error for KeyFault {}
