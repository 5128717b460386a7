use model::{ErrorKind, IdError, RetryAfterMs};

use super::{RSA_BITS_MIN, SECRET_BYTES_MIN};
use crate::Problem;

/// Why a token is not valid. Says nothing of the token itself, so that it may be logged and answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Over so many bytes, which are the limit.
    #[error("the token is over {0} bytes")]
    TooLong(usize),
    /// Not three parts of base64url.
    #[error("the token is not a signed JWT")]
    Malformed,
    /// Its header isn't JSON as it has to be.
    #[error("the token's header is not a JSON object with alg, and perhaps kid, as text")]
    BadHeader,
    /// Its claims aren't JSON as they have to be.
    #[error("the token's claims are not one JSON object in which no name repeats")]
    BadClaims,
    /// A header parameter that must be understood (`crit`) and isn't.
    #[error("the token has critical header parameters, none of which we know")]
    Critical,
    /// Several keys are configured and the token doesn't name its own.
    #[error("the token doesn't name its key (kid)")]
    NoKeyId,
    /// Names a key that isn't configured.
    #[error("the token's key (kid) is not known")]
    UnknownKey,
    /// Is of no key that is known, and the issuer may be asked for it in so long. Over REST a refusal like any other, since apps
    /// ask again with their next token, and strangers could have the service fail otherwise; a WebSocket's client must not be told
    /// to stay away for it.
    #[error(
        "the token's key (kid) is not known; its issuer may be asked for it in {} ms: come back then",
        .0.0
    )]
    NotAskedYet(RetryAfterMs),
    /// Is of no key that is known, and the issuer doesn't answer. The same may be sent again after so long.
    #[error(
        "the token's key is not known, and its issuer can't be asked for new keys now: come back in {} ms",
        .0.0
    )]
    KeysAway(RetryAfterMs),
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
    /// A time that isn't a number.
    #[error("the token's {0} is not a number: times are seconds since 1970")]
    BadTime(&'static str),
    /// A time that no number can be.
    #[error("the token's {0} is too large a number: times are seconds since 1970")]
    HugeTime(&'static str),
    /// A time thousands of years ahead, which never comes.
    #[error(
        "the token's {0} is thousands of years ahead: does it count milliseconds instead of seconds?"
    )]
    FarAhead(&'static str),
    /// A claim that isn't text.
    #[error("the token's {0} is not text")]
    NotText(&'static str),
    /// Holds for longer than so many seconds, which are the limit.
    #[error(
        "the token holds for longer than {0} s: does its exp count milliseconds instead of seconds?"
    )]
    LongLived(u64),
    /// `iss` is absent or another.
    #[error("the token's issuer (iss) is not ours")]
    WrongIssuer,
    /// `aud` is absent or doesn't name us.
    #[error("the token's audience (aud) is not us")]
    WrongAudience,
    /// Has no subject.
    #[error("the token has no subject (sub, or what subject_claim names)")]
    NoSubject,
    /// The subject is a number by which people could be mixed up.
    #[error(
        "the token's subject (sub) is a number other than an integer without sign, point and exponent"
    )]
    SubjectNumber,
    /// The subject is neither text nor a number.
    #[error("the token's subject (sub) is neither text nor an integer")]
    SubjectKind,
    /// The subject can't be a user's id.
    #[error("the token's subject (sub), as a user's id, {0}")]
    BadSubject(IdError),
    /// The subject begins as those of another issuer.
    #[error("the token's subject (sub) begins with the prefix of another issuer")]
    ForeignPrefix,
    /// The subject is a mail address or a telephone number that the issuer hasn't verified.
    #[error(
        "the token's subject is a mail address (or telephone number), and email_verified (or phone_number_verified) beside it \
         isn't true"
    )]
    Unverified,
    /// A user's token of the node's own key, where another issuer's users have their names to themselves.
    #[error(
        "tokens of this key speak for services and operators only: users are those of another issuer"
    )]
    NoUsers,
}

impl TokenError {
    /// Whether the issuer may have a newer key by which the token is valid: also one of another kind, or of other numbers,
    /// under a name that is known.
    pub(super) fn may_be_of_a_new_key(self) -> bool {
        matches!(self, Self::UnknownKey | Self::BadSignature | Self::WrongAlgorithm | Self::NoKeyId)
    }
}

impl From<TokenError> for Problem {
    fn from(fault: TokenError) -> Self {
        if let TokenError::KeysAway(RetryAfterMs(ms)) = fault {
            let problem = Self::new(ErrorKind::Unavailable, "unavailable", fault.to_string());
            return problem.retry_after_ms(ms);
        }
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
    /// Not an RSA public key in PEM.
    #[error("not an RSA public key in PEM (SPKI or PKCS #1)")]
    NotRsa,
    /// An RSA key of another size than is taken.
    #[error("an RSA key needs {RSA_BITS_MIN} to 8192 bits")]
    RsaSize,
    /// Not a P-256 public key in PEM.
    #[error("not a P-256 public key in PEM (SPKI)")]
    NotP256,
    /// A private key where a public one belongs.
    #[error(
        "this is a private key, which stays with its issuer: `openssl pkey -in FILE -pubout` gives the public one"
    )]
    PrivateKey,
    /// A certificate where a key belongs.
    #[error("this is a certificate: `openssl x509 -in FILE -pubkey -noout` gives its key")]
    Certificate,
    /// A name that is empty or over 1,024 bytes.
    #[error("a key's name (kid) needs 1 to 1024 bytes")]
    BadKeyId,
    /// Two keys of one name, or without.
    #[error("two keys have the same name (kid), or none")]
    RepeatedKeyId,
    /// No key at all.
    #[error("no key is configured")]
    NoKeys,
    /// Two issuers of one name.
    #[error("two issuers have the same name (issuer)")]
    RepeatedIssuer,
    /// Two issuers without a prefix.
    #[error(
        "of several issuers each but one needs a prefix, so that nobody of one is somebody of another"
    )]
    NoPrefix,
    /// One of two prefixes begins with the other.
    #[error("the prefix of an issuer begins with another's: the users of both could be the same")]
    SimilarPrefixes,
}
