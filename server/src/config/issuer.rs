use std::ops::RangeInclusive;
use std::path::PathBuf;

use api::{IssuerRules, RoleRules};
use model::Faults;
use serde::{Deserialize, Serialize};

use super::Key;
use super::auth::{LIFETIME_S, unless_0};
use super::claims::{Use, check_claim};
use crate::keys::JwksAddress;

/// What `jwks_refresh_s` may be.
const JWKS_REFRESH_S: RangeInclusive<u64> = 10..=86_400;

/// How long tokens of other issuers may hold unless they are allowed more, seconds: thirty days.
const FOREIGN_LIFETIME_MAX_S: u64 = 2_592_000;

/// One text or several.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Texts {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl Texts {
    fn to_vec(&self) -> Vec<String> {
        match self {
            Self::One(one) => vec![one.clone()],
            Self::Many(many) => many.clone(),
        }
    }
}

/// An issuer that isn't ours: its users are users here, and more only as these settings say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignIssuer {
    /// What `iss` is in its tokens, exactly.
    pub issuer: String,
    /// What `aud` must be or contain; one of several suffices.
    pub audience: Texts,
    /// Its keys; or `jwks_url`.
    #[serde(default)]
    pub keys: Vec<Key>,
    /// Where it publishes its keys: https, or http on this machine.
    #[serde(default)]
    pub jwks_url: Option<String>,
    /// How often they are read again, seconds, 10 … 86,400.
    #[serde(default = "jwks_refresh_s")]
    pub jwks_refresh_s: u64,
    /// The authorities whose certificates are trusted for that, in PEM, instead of this machine's.
    #[serde(default)]
    pub jwks_ca_file: Option<PathBuf>,
    /// The claim that says who the bearer is, or the names on the way to it.
    #[serde(default = "subject_claim")]
    pub subject_claim: Texts,
    /// Stands before the subject in a user's id.
    #[serde(default)]
    pub prefix: String,
    /// The claim, a text, that makes somebody a service or an operator, or the names on the way to it.
    #[serde(default)]
    pub role_claim: Option<Texts>,
    /// The same of a claim that is a list of texts.
    #[serde(default)]
    pub roles_claim: Option<Texts>,
    /// What it says of a service.
    #[serde(default)]
    pub service_values: Vec<String>,
    /// What it says of an operator.
    #[serde(default)]
    pub operator_values: Vec<String>,
    /// How long its tokens may hold at most, seconds; 0: as long as they say.
    #[serde(default = "lifetime_max_s")]
    pub lifetime_max_s: u64,
}

fn jwks_refresh_s() -> u64 {
    300
}

fn subject_claim() -> Texts {
    Texts::One("sub".to_owned())
}

fn lifetime_max_s() -> u64 {
    FOREIGN_LIFETIME_MAX_S
}

impl ForeignIssuer {
    /// What is believed of its tokens.
    pub(crate) fn rules(&self) -> IssuerRules {
        let (is_list, claim) = match (&self.role_claim, &self.roles_claim) {
            (Some(text), _) => (false, Some(text.to_vec())),
            (None, list) => (true, list.as_ref().map(Texts::to_vec)),
        };
        let (service_values, operator_values) =
            (self.service_values.clone(), self.operator_values.clone());
        IssuerRules {
            issuer: self.issuer.clone(),
            audiences: self.audience.to_vec(),
            subject_claim: self.subject_claim.to_vec(),
            prefix: self.prefix.clone(),
            roles: RoleRules { claim, is_list, service_values, operator_values },
            lifetime_max_s: unless_0(self.lifetime_max_s),
            has_users: true,
        }
    }

    /// Says which values can't work, and what would.
    pub(super) fn validate(&self) -> Result<(), Faults> {
        let mut faults = Faults::default();
        let rules = self.rules();
        let given = &rules.roles;
        let values = || given.service_values.iter().chain(&given.operator_values);
        let empty = |texts: &[String]| texts.is_empty() || texts.iter().any(String::is_empty);
        let in_both = |value: &String| given.operator_values.contains(value);
        for (holds, rule) in [
            (!self.issuer.is_empty(), "issuer must not be empty"),
            (!empty(&rules.audiences), "audience must not be empty"),
            (
                self.keys.is_empty() == self.jwks_url.is_some(),
                "keys or jwks_url must be set, and not both",
            ),
            (
                self.jwks_ca_file.is_none() || self.jwks_url.is_some(),
                "jwks_ca_file is of use with jwks_url only",
            ),
            (
                self.role_claim.is_none() || self.roles_claim.is_none(),
                "role_claim is a text and roles_claim a list: only one of them can be set",
            ),
            (
                given.claim.is_some() == values().next().is_some(),
                "service_values or operator_values must be set with role_claim or roles_claim, and not without",
            ),
            (
                !values().any(String::is_empty),
                "service_values and operator_values must not have empty ones",
            ),
            (
                !given.service_values.iter().any(in_both),
                "service_values and operator_values must not have one in common",
            ),
        ] {
            faults.unless(holds, rule);
        }
        faults.unless_in(&LIFETIME_S, "lifetime_max_s", self.lifetime_max_s);
        faults.unless_in(&JWKS_REFRESH_S, "jwks_refresh_s", self.jwks_refresh_s);
        faults.check(check_claim("subject_claim", &rules.subject_claim, Use::Subject));
        let name = if given.is_list { "roles_claim" } else { "role_claim" };
        let claim = given.claim.as_ref();
        faults.check(claim.map_or(Ok(()), |path| check_claim(name, path, Use::Role)));
        let before = model::UserId::parse(&format!("{}x", self.prefix));
        let before =
            before.map_err(|why| format!("prefix, as the beginning of a user's id, {why}"));
        faults.check(before);
        faults.check(
            self.jwks_url.as_deref().map_or(Ok(()), |url| JwksAddress::parse(url).map(drop)),
        );
        faults.result()
    }
}
