//! Messages with friends in them, put together from pieces that are encoded once for all who are told.
//!
//! Ids, versions and epochs are made of characters that JSON needn't escape; and memory takes all that is written to it,
//! hence the ignored results.

use std::fmt::Write as _;
use std::io::Write as _;

use model::Timestamp;

use crate::session::messages::{Changes, Departure, Push, Seen, Snapshot};
use crate::session::record::{Presence, Record};

pub(super) fn snapshot(part: &Snapshot, out: &mut Vec<u8>) {
    let Snapshot { epoch, at, located, friends, more } = part;
    let time_ms = at.0;
    let _ = write!(
        out,
        r#"{{"type":"snapshot","epoch":"{epoch}","time_ms":{time_ms},"located":{located},"friends":["#
    );
    list(out, friends, |out, seen| friend(seen, *at, out));
    let _ = write!(out, r#"],"more":{more}}}"#);
}

pub(super) fn position(record: &Record, out: &mut Vec<u8>) {
    let fields = head(record).trim_start_matches('{');
    let _ = write!(out, r#"{{"type":"position",{fields}}}"#);
}

pub(super) fn push(push: &Push, out: &mut Vec<u8>) {
    let Changes { came, moved, distances, left } = &push.changes;
    let _ = write!(out, r#"{{"type":"push","time_ms":{}"#, push.at.0);
    field(out, "came", came, |out, seen| friend(seen, push.at, out));
    field(out, "moved", moved, |out, seen| friend(seen, push.at, out));
    field(out, "distances", distances, |out, (user, distance)| {
        let _ = write!(out, r#"{{"id":"{user}","distance_m":{distance}}}"#);
    });
    field(out, "left", left, |out, (user, departure)| {
        let reason = match departure {
            Departure::Far => "far",
            Departure::Gone => "gone",
        };
        let _ = write!(out, r#"{{"id":"{user}","reason":"{reason}"}}"#);
    });
    out.push(b'}');
}

/// A field with a list, unless that is empty.
fn field<T>(out: &mut Vec<u8>, name: &str, items: &[T], item: impl Fn(&mut Vec<u8>, &T)) {
    if !items.is_empty() {
        let _ = write!(out, r#","{name}":["#);
        list(out, items, item);
        out.push(b']');
    }
}

fn list<T>(out: &mut Vec<u8>, items: &[T], item: impl Fn(&mut Vec<u8>, &T)) {
    for (at, one) in items.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        item(out, one);
    }
}

fn friend(seen: &Seen, at: Timestamp, out: &mut Vec<u8>) {
    let Seen { record, distance } = seen;
    let age_ms = (at - record.version.effective).max(0);
    out.extend(head(record).as_bytes());
    let _ = write!(out, r#","distance_m":{distance},"age_ms":{age_ms}}}"#);
}

/// A friend up to what differs from watcher to watcher: an unclosed JSON object, encoded once for all.
pub(super) fn head(record: &Record) -> &str {
    record.encoded.get_or_make(|| encode_head(record).into_boxed_str())
}

fn encode_head(record: &Record) -> String {
    let mut out = String::with_capacity(192);
    let _ = write!(out, r#"{{"id":"{}","class":"{}""#, record.user, record.class.as_str());
    if let Presence::Here(fix) = record.presence {
        let mut number = |name: &str, value: Option<f64>| {
            if let Some(value) = value.and_then(|v| serde_json::to_string(&v).ok()) {
                let _ = write!(out, r#","{name}":{value}"#);
            }
        };
        number("latitude", Some(fix.position.latitude()));
        number("longitude", Some(fix.position.longitude()));
        number("accuracy_m", fix.accuracy_m);
        number("altitude_m", fix.altitude_m);
        number("speed_mps", fix.speed_mps);
        number("heading_deg", fix.heading_deg);
    }
    let time_ms = record.version.effective.0;
    let _ = write!(out, r#","time_ms":{time_ms},"version":"{}""#, record.version.opaque());
    out
}
