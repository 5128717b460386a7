//! Google's location history. Takeout's `Records.json` has a list of `locations`. A phone's `Timeline.json` has
//! `semanticSegments` with the way that was gone, and `rawSignals` with fixes; that of an iPhone is a list of segments by itself.

use model::{DeviceId, Timestamp};
use serde_json::Value;

use super::imported::{Draft, Imported};
use super::number::{moment, number};
use super::skipped::{SkipReason, Skipped};

/// The lists that have anything for us.
pub(super) const LISTS: &[&str] = &[LOCATIONS, SIGNALS, "semanticSegments"];
const LOCATIONS: &str = "locations";
const SIGNALS: &str = "rawSignals";

/// Degrees in the unit of `latitudeE7`.
const DEGREE_E7: f64 = 1e7;
/// Longitudes of more than this were stored in too few bits by some versions.
const OVERFLOWN_E7: f64 = 1_800_000_000.0;
const TURN_OF_BITS: f64 = 4_294_967_296.0;

/// Takes an object of one of the lists.
pub(super) fn take(
    at: u64,
    list: &'static str,
    item: Result<&[u8], SkipReason>,
    skipped: &mut Skipped,
    found: &mut Vec<Imported>,
) {
    let item =
        item.and_then(|bytes| serde_json::from_slice(bytes).map_err(|_| SkipReason::Malformed));
    let item: Value = match item {
        Ok(item) => item,
        Err(reason) => return skipped.count(reason, at),
    };
    let drafts = match list {
        LOCATIONS => vec![Ok(location(&item))],
        SIGNALS => vec![item.get("position").map(signal).ok_or(SkipReason::OtherKind)],
        _ => segment(&item),
    };
    for draft in drafts {
        match draft.and_then(|draft| draft.finish(skipped)) {
            Ok(imported) => found.push(imported),
            Err(reason) => skipped.count(reason, at),
        }
    }
}

fn location(item: &Value) -> Draft {
    let degrees = |name| {
        let e7 = value(item, name)?;
        let e7 = if e7 > OVERFLOWN_E7 { e7 - TURN_OF_BITS } else { e7 };
        Some(e7 / DEGREE_E7)
    };
    let device = value(item, "deviceTag").map(|tag| format!("google-{tag:.0}"));
    Draft {
        device: device.and_then(|device| DeviceId::parse(&device).ok()),
        time: time(item, "timestamp").or_else(|| time(item, "timestampMs")),
        latitude: degrees("latitudeE7"),
        longitude: degrees("longitudeE7"),
        values: [
            value(item, "accuracy"),
            value(item, "altitude"),
            value(item, "velocity"),
            value(item, "heading"),
            None,
        ],
        ..Draft::default()
    }
}

fn signal(position: &Value) -> Draft {
    let (latitude, longitude) = coordinates(position.get("LatLng"));
    Draft {
        time: time(position, "timestamp"),
        latitude,
        longitude,
        values: [
            value(position, "accuracyMeters"),
            value(position, "altitudeMeters"),
            value(position, "speedMetersPerSecond"),
            None,
            None,
        ],
        ..Draft::default()
    }
}

/// The points of a way. Visits and activities, of which there is only a place or two, are something else.
fn segment(item: &Value) -> Vec<Result<Draft, SkipReason>> {
    let Some(path) = item.get("timelinePath").and_then(Value::as_array) else {
        return vec![Err(SkipReason::OtherKind)];
    };
    let start = time(item, "startTime");
    let draft = |point: &Value| {
        let (latitude, longitude) = coordinates(point.get("point"));
        let minutes = value(point, "durationMinutesOffsetFromStartTime");
        let since_start = || Some(start?.plus_ms((minutes? * 60_000.0).round() as i64));
        let time = time(point, "time").or_else(since_start);
        Ok(Draft { time, latitude, longitude, ..Draft::default() })
    };
    path.iter().map(draft).collect()
}

/// `48.1°, 11.5°`, or `geo:48.1,11.5`.
fn coordinates(text: Option<&Value>) -> (Option<f64>, Option<f64>) {
    let text = text.and_then(Value::as_str).unwrap_or_default();
    let text = text.strip_prefix("geo:").unwrap_or(text);
    let degrees = |text: &str| number(text.trim().trim_end_matches('°'));
    text.split_once(',').map_or((None, None), |(a, b)| (degrees(a), degrees(b)))
}

/// A number, which may stand as a string.
fn value(item: &Value, name: &str) -> Option<f64> {
    match item.get(name)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => number(text),
        _ => None,
    }
}

fn time(item: &Value, name: &str) -> Option<Timestamp> {
    match item.get(name)? {
        Value::String(text) => moment(text),
        Value::Number(number) => moment(&number.to_string()),
        _ => None,
    }
}
