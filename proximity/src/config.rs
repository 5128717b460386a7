use std::ops::RangeInclusive;

use model::Faults;
use serde::{Deserialize, Serialize};

use crate::core::limits::{Limits, RADIUS_M_MAX};

/// What one owner may have at most.
const OWNED: RangeInclusive<u32> = 0..=100_000_000;

/// What a deployment sets about businesses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The largest radius of a search, metres; the smallest is 1.
    pub radius_m_max: u32,
    /// The radius of a search that names none, metres.
    pub radius_m_default: u32,
    /// Businesses per owner.
    pub owned_max: u32,
    /// What this process keeps in memory to search.
    pub resident: Residency,
}

/// What a process keeps in memory of all businesses, so that searches needn't ask the store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Residency {
    /// Nothing: the store answers every search.
    #[default]
    None,
    /// Positions and categories; a search that shows names asks the store for them.
    Positions,
    /// Names too.
    Names,
}

impl Default for Config {
    fn default() -> Self {
        let Limits { radius_m_max, radius_m_default, owned_max } = Limits::default();
        Self { radius_m_max, radius_m_default, owned_max, resident: Residency::default() }
    }
}

impl Config {
    /// Says which values can't work, and what would.
    pub fn validate(&self) -> Result<(), Faults> {
        let mut faults = Faults::default();
        let Self { radius_m_default: default, radius_m_max: max, .. } = *self;
        faults.unless(
            1 <= default && default <= max && max <= RADIUS_M_MAX,
            format!(
                "radius_m_default and radius_m_max must be in this order, from 1 to {RADIUS_M_MAX}"
            ),
        );
        faults.unless_in(&OWNED, "owned_max", self.owned_max);
        faults.result()
    }

    /// How far a search may reach, and how much one user may own.
    pub fn limits(&self) -> Limits {
        let Self { radius_m_max, radius_m_default, owned_max, .. } = *self;
        Limits { radius_m_max, radius_m_default, owned_max }
    }
}
