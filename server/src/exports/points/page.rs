use std::borrow::Cow;

use serde::Deserialize;

/// A page of a track, as the service answers it.
#[derive(Debug, Deserialize)]
pub(crate) struct Page<'a> {
    #[serde(borrow)]
    pub(crate) points: Vec<Row<'a>>,
    pub(crate) next_cursor: Option<String>,
    pub(crate) complete_until_ms: i64,
    #[serde(default)]
    pub(crate) incomplete_because: Vec<String>,
}

/// A point on it. What a newer service tells beside that is left out.
#[derive(Debug, Deserialize)]
pub(crate) struct Row<'a> {
    pub(super) latitude: f64,
    pub(super) longitude: f64,
    pub(crate) time_ms: i64,
    pub(super) accuracy_m: Option<f64>,
    pub(super) altitude_m: Option<f64>,
    pub(super) speed_mps: Option<f64>,
    pub(super) heading_deg: Option<f64>,
    pub(super) battery_percent: Option<f64>,
    #[serde(borrow)]
    pub(super) device: Cow<'a, str>,
    pub(super) seq: u64,
    pub(super) received_ms: i64,
    #[serde(borrow)]
    pub(super) unshown: Option<Cow<'a, str>>,
}
