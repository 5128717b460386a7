use model::UserId;

use super::super::text::{hundredths_up, put_decimal, put_unsigned, put_whole};
use super::TrackEnd;
use crate::core::point::{Point, StoredFix};

/// The values beside a position, as the protocol calls them, in the order of [`StoredFix::values`].
const VALUES: [&str; StoredFix::VALUES] =
    ["accuracy_m", "altitude_m", "speed_mps", "heading_deg", "battery_percent"];

/// Ids need no escape in JSON (`model::UserId`).
pub(super) fn begin(out: &mut Vec<u8>, user: &UserId) {
    out.extend_from_slice(b"{\"user\":\"");
    out.extend_from_slice(user.as_str().as_bytes());
    out.extend_from_slice(b"\",\"points\":[");
}

pub(super) fn begin_collection(out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"type\":\"FeatureCollection\",\"features\":[");
}

/// Writes a point as an object.
pub(super) fn point(out: &mut Vec<u8>, point: &Point) {
    out.extend_from_slice(b"{\"latitude\":");
    put_decimal(out, point.fix.latitude_e7.into(), 7);
    out.extend_from_slice(b",\"longitude\":");
    put_decimal(out, point.fix.longitude_e7.into(), 7);
    out.push(b',');
    put_rest(out, point);
    out.push(b'}');
}

/// Writes a point as a feature.
pub(super) fn feature(out: &mut Vec<u8>, point: &Point) {
    out.extend_from_slice(
        b"{\"type\":\"Feature\",\"geometry\":{\"type\":\"Point\",\"coordinates\":[",
    );
    put_decimal(out, point.fix.longitude_e7.into(), 7);
    out.push(b',');
    put_decimal(out, point.fix.latitude_e7.into(), 7);
    if let Some(altitude_cm) = point.fix.altitude_cm {
        out.push(b',');
        put_decimal(out, altitude_cm.into(), 2);
    }
    out.extend_from_slice(b"]},\"properties\":{");
    put_rest(out, point);
    out.extend_from_slice(b"}}");
}

/// Writes everything but the position.
fn put_rest(out: &mut Vec<u8>, point: &Point) {
    out.extend_from_slice(b"\"time_ms\":");
    put_whole(out, point.effective().0);
    for (name, value) in VALUES.iter().zip(point.fix.values()) {
        if let Some(hundredths) = value {
            put_name(out, name);
            put_decimal(out, hundredths.into(), 2);
        }
    }
    put_name(out, "device");
    out.push(b'"');
    out.extend_from_slice(point.version.device.as_str().as_bytes());
    out.push(b'"');
    put_name(out, "seq");
    put_unsigned(out, point.version.seq);
    put_name(out, "received_ms");
    put_whole(out, point.received.0);
    if let Some(unshown) = point.unshown {
        put_name(out, "unshown");
        out.push(b'"');
        out.extend_from_slice(unshown.as_str().as_bytes());
        out.push(b'"');
    }
}

/// Writes the cursor of the next page, in front of other members.
pub(super) fn next_cursor(out: &mut Vec<u8>, next: Option<&str>) {
    // Cursors are of a URL's characters; whatever else one had would be escaped.
    let text = serde_json::Value::from(next).to_string();
    out.extend_from_slice(b"\"next_cursor\":");
    out.extend_from_slice(text.as_bytes());
    out.push(b',');
}

/// Writes the members that stand behind the points.
pub(super) fn end(out: &mut Vec<u8>, end: &TrackEnd) {
    out.extend_from_slice(b"\"complete_until_ms\":");
    match end.complete_until {
        Some(moment) => put_whole(out, moment.0),
        None => out.extend_from_slice(b"null"),
    }
    put_name(out, "incomplete");
    if end.incomplete.is_empty() {
        out.extend_from_slice(b"false");
    } else {
        out.extend_from_slice(b"true");
        put_name(out, "incomplete_because");
        out.extend_from_slice(b"[\"");
        out.extend_from_slice(end.incomplete.join("\",\"").as_bytes());
        out.extend_from_slice(b"\"]");
    }
    if let Some(metres) = end.tolerance {
        put_name(out, "tolerance_m");
        put_decimal(out, hundredths_up(metres), 2);
    }
}

/// Writes the name of a member behind others.
fn put_name(out: &mut Vec<u8>, name: &str) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}
