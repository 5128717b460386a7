use std::ops::RangeInclusive;

use model::Faults;
use serde::{Deserialize, Serialize};

use crate::Limits;

/// The largest radius that any deployment may allow, metres: up to here distances are exact to a centimetre.
const RADIUS_M_MAX: u32 = 100_000;
/// What one user may have at most of friends, requests and blocks: a circle is read whole.
const RELATIONS: RangeInclusive<u32> = 0..=1_000_000;

/// What a deployment sets about users: how much one may have, and how far they may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Friends per user.
    pub friends_max: u32,
    /// Pending requests that one user has made.
    pub requests_max: u32,
    /// Users whom one user blocks.
    pub blocks_max: u32,
    /// The smallest radius, metres.
    pub radius_m_min: u32,
    /// The largest radius, metres.
    pub radius_m_max: u32,
    /// The radius of whoever chose none, metres.
    pub radius_m_default: u32,
}

impl Default for Config {
    fn default() -> Self {
        let Limits { friends_max, requests_max, blocks_max } = Limits::default();
        Self {
            friends_max,
            requests_max,
            blocks_max,
            radius_m_min: 100,
            radius_m_max: 50_000,
            radius_m_default: 8_047,
        }
    }
}

impl Config {
    /// Says which values can't work, and what would.
    pub fn validate(&self) -> Result<(), Faults> {
        let mut faults = Faults::default();
        faults.unless_in(&RELATIONS, "friends_max", self.friends_max);
        faults.unless_in(&RELATIONS, "requests_max", self.requests_max);
        faults.unless_in(&RELATIONS, "blocks_max", self.blocks_max);
        let Self { radius_m_min: min, radius_m_default: default, radius_m_max: max, .. } = *self;
        faults.unless(
            1 <= min && min <= default && default <= max && max <= RADIUS_M_MAX,
            format!(
                "radius_m_min, radius_m_default and radius_m_max must be in this order, from 1 to {RADIUS_M_MAX}"
            ),
        );
        faults.result()
    }

    /// How far somebody sees, metres, who chose this radius or none. A choice may be older than these limits.
    pub fn radius_m(&self, chosen_m: Option<u32>) -> u32 {
        let chosen = chosen_m.map(|m| m.clamp(self.radius_m_min, self.radius_m_max));
        chosen.unwrap_or(self.radius_m_default)
    }

    /// How much one user may have.
    pub fn limits(&self) -> Limits {
        let Self { friends_max, requests_max, blocks_max, .. } = *self;
        Limits { friends_max, requests_max, blocks_max }
    }
}
