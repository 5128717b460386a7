use std::ops::RangeInclusive;
use std::path::PathBuf;

use api::{IssuerRules, TOKEN_BYTES_MAX, check_issuers};
use model::Faults;
use serde::{Deserialize, Serialize};

use super::ForeignIssuer;

/// What `lifetime_max_s` may be, 0 for any: up to a hundred years.
pub(super) const LIFETIME_S: RangeInclusive<u64> = 0..=3_153_600_000;
/// What `leeway_s` may be: up to an hour.
const LEEWAY_S: RangeInclusive<u32> = 0..=3_600;

/// What `token_bytes_max` may be.
const TOKEN_BYTES: RangeInclusive<usize> = 1_024..=65_536;

/// What stands around a token in the message `auth`, bytes.
const AUTH_MESSAGE_BYTES: usize = 64;

/// The most issuers.
const ISSUERS_MAX: usize = 32;

/// Whose tokens are believed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Auth {
    /// What `iss` must be in our own tokens.
    pub issuer: String,
    /// What `aud` must be or contain.
    pub audience: String,
    /// How far clocks may differ, seconds.
    pub leeway_s: u32,
    /// How long our own tokens may hold at most, seconds; 0: as long as they say.
    pub lifetime_max_s: u64,
    /// The longest token that is looked at, bytes, 1,024 … 65,536. The longest header grows with it.
    pub token_bytes_max: usize,
    /// Keys of our own issuer. None: the node makes a key of its own in the data folder.
    pub keys: Vec<Key>,
    /// Other issuers.
    pub issuers: Vec<ForeignIssuer>,
}

/// A key of an issuer: the algorithm is fixed with the key, whatever a token says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "alg", deny_unknown_fields)]
pub enum Key {
    /// A shared secret of at least 32 bytes, as the file's bytes; of a printable one without the final newline.
    #[serde(rename = "HS256")]
    Hs256 {
        /// The `kid` in tokens' headers; none: whatever they have, or nothing.
        #[serde(default)]
        kid: Option<String>,
        /// The file that holds the secret.
        secret_file: PathBuf,
    },
    /// An Ed25519 public key in PEM.
    #[serde(rename = "EdDSA")]
    EdDsa {
        /// The `kid` in tokens' headers; none: whatever they have, or nothing.
        #[serde(default)]
        kid: Option<String>,
        /// The file that holds the key.
        public_key_file: PathBuf,
    },
    /// An RSA public key of at least 2,048 bits in PEM.
    #[serde(rename = "RS256")]
    Rs256 {
        /// The `kid` in tokens' headers; none: whatever they have, or nothing.
        #[serde(default)]
        kid: Option<String>,
        /// The file that holds the key.
        public_key_file: PathBuf,
    },
    /// A P-256 public key in PEM.
    #[serde(rename = "ES256")]
    Es256 {
        /// The `kid` in tokens' headers; none: whatever they have, or nothing.
        #[serde(default)]
        kid: Option<String>,
        /// The file that holds the key.
        public_key_file: PathBuf,
    },
}

impl Default for Auth {
    fn default() -> Self {
        let word = || "whereabouts".to_owned();
        Self {
            issuer: word(),
            audience: word(),
            leeway_s: 30,
            lifetime_max_s: 0,
            token_bytes_max: TOKEN_BYTES_MAX,
            keys: Vec::new(),
            issuers: Vec::new(),
        }
    }
}

/// Of a limit of which 0 says that there is none.
pub(super) fn unless_0(seconds: u64) -> Option<u64> {
    (seconds > 0).then_some(seconds)
}

impl Auth {
    /// What is believed of our own tokens. By a key that the node has made for itself they are of services and operators
    /// only, where the users of another issuer have their names to themselves.
    pub(crate) fn own_rules(&self) -> IssuerRules {
        let own = IssuerRules::own(&self.issuer, &self.audience);
        let has_users = !self.keys.is_empty() || self.unprefixed().is_none();
        IssuerRules { lifetime_max_s: unless_0(self.lifetime_max_s), has_users, ..own }
    }

    /// The issuer whose users have no prefix.
    pub(crate) fn unprefixed(&self) -> Option<&ForeignIssuer> {
        self.issuers.iter().find(|issuer| issuer.prefix.is_empty())
    }

    /// Whether there is any key that all processes have.
    pub(crate) fn has_configured_keys(&self) -> bool {
        !self.keys.is_empty() || !self.issuers.is_empty()
    }

    /// Says which values can't work, and what would; a message may be so long.
    pub(super) fn validate(&self, message_bytes_max: usize) -> Result<(), Faults> {
        let mut faults = Faults::default();
        faults.unless_in(&LIFETIME_S, "lifetime_max_s", self.lifetime_max_s);
        faults.unless_in(&LEEWAY_S, "leeway_s", self.leeway_s);
        for (name, word) in [("issuer", &self.issuer), ("audience", &self.audience)] {
            faults.unless(!word.is_empty(), format!("{name} must not be empty"));
        }
        faults.unless_in(&TOKEN_BYTES, "token_bytes_max", self.token_bytes_max);
        let fits = self.token_bytes_max <= TOKEN_BYTES_MAX
            || self.token_bytes_max.saturating_add(AUTH_MESSAGE_BYTES) <= message_bytes_max;
        faults.unless(
            fits,
            format!(
                "token_bytes_max must be {AUTH_MESSAGE_BYTES} less than gateway.message_bytes_max, which is \
                 {message_bytes_max}: the message auth brings a token"
            ),
        );
        let count = self.issuers.len();
        faults.unless(count <= ISSUERS_MAX, format!("issuers must be at most {ISSUERS_MAX}"));
        for (n, issuer) in self.issuers.iter().enumerate() {
            faults.check_section(&format!("issuers[{n}]"), issuer.validate());
        }
        let rules: Vec<_> = self.issuers.iter().map(ForeignIssuer::rules).collect();
        let own = self.own_rules();
        let all: Vec<_> = [&own].into_iter().chain(&rules).collect();
        faults.check(check_issuers(&all).map_err(|why| format!("issuers: {why}")));
        faults.result()
    }
}
