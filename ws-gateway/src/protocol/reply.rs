//! What the server says, as text.

mod lists;

use model::DeviceId;
use serde::Serialize;

use crate::session::fixes::validation::Unshown;
use crate::session::limits::Limits;
use crate::session::messages::{Reply, Welcome};
use crate::session::outbound::reporting_hint::{Accuracy, ReportingHint};

/// The names of all messages that the server sends, in the order of the documentation.
pub const REPLY_TYPES: [&str; 17] = [
    "welcome",
    "snapshot",
    "position",
    "push",
    "ack",
    "kept",
    "signed_off",
    "pong",
    "renewed",
    "radius",
    "hint",
    "gap",
    "unlocated",
    "degraded",
    "recovered",
    "drain",
    "error",
];

/// A message that isn't put together from pieces which are encoded once.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum JsonReply<'a> {
    Welcome(JsonWelcome<'a>),
    Ack {
        device: &'a str,
        seq: u64,
        kept: &'a str,
        shown: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<&'a str>,
    },
    Kept {
        device: &'a str,
        located: bool,
    },
    SignedOff {
        device: &'a str,
    },
    Pong {
        id: u64,
        time_ms: i64,
    },
    Renewed {
        token_expires_ms: i64,
    },
    Radius {
        radius_m: f64,
    },
    #[serde(rename = "hint")]
    ReportingHint {
        #[serde(flatten)]
        hint: JsonHint,
    },
    Gap,
    Unlocated,
    Degraded {
        interval_ms: u64,
    },
    Recovered {
        interval_ms: u64,
    },
    Drain {
        closes_in_ms: u64,
    },
    Error {
        error: &'a str,
        detail: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        device: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        seq: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<u64>,
    },
}

#[derive(Serialize)]
struct JsonWelcome<'a> {
    user: &'a str,
    session: &'a str,
    epoch: &'a str,
    time_ms: i64,
    ttl_ms: u64,
    radius_m: f64,
    tick_ms: u64,
    ping_interval_ms: u64,
    token_expires_ms: i64,
    limits: JsonLimits,
    hint: JsonHint,
}

#[derive(Serialize)]
struct JsonLimits {
    message_bytes: usize,
    batch_fixes: usize,
    fixes_per_s: u32,
    fixes_burst: u32,
    bytes_per_s: u32,
}

#[derive(Serialize)]
struct JsonHint {
    interval_ms: u64,
    displacement_m: u32,
    accuracy: &'static str,
}

impl From<&Limits> for JsonLimits {
    fn from(limits: &Limits) -> Self {
        Self {
            message_bytes: limits.message_bytes_max,
            batch_fixes: limits.batch_fixes_max,
            fixes_per_s: limits.fixes_per_s,
            fixes_burst: limits.fixes_burst,
            bytes_per_s: limits.bytes_per_s,
        }
    }
}

impl From<ReportingHint> for JsonHint {
    fn from(hint: ReportingHint) -> Self {
        let ReportingHint { interval_ms, displacement_m, accuracy } = hint;
        let accuracy = match accuracy {
            Accuracy::Low => "low",
            Accuracy::Balanced => "balanced",
            Accuracy::High => "high",
        };
        Self { interval_ms, displacement_m, accuracy }
    }
}

impl<'a> From<&'a Welcome> for JsonWelcome<'a> {
    fn from(welcome: &'a Welcome) -> Self {
        let limits = &*welcome.limits;
        Self {
            user: welcome.user.as_str(),
            session: &welcome.session,
            epoch: &welcome.epoch,
            time_ms: welcome.at.0,
            ttl_ms: limits.ttl_ms,
            radius_m: welcome.radius.0,
            tick_ms: limits.tick_ms,
            ping_interval_ms: limits.ping_interval_ms,
            token_expires_ms: welcome.token_expires.0,
            limits: limits.into(),
            hint: welcome.hint.into(),
        }
    }
}

/// Appends a message as JSON text.
pub(crate) fn encode(reply: &Reply, out: &mut Vec<u8>) {
    let wire = match reply {
        Reply::Snapshot(part) => return lists::snapshot(part, out),
        Reply::Position(record) => return lists::position(record, out),
        Reply::Push(news) => return lists::push(news, out),
        Reply::Welcome(welcome) => JsonReply::Welcome((&**welcome).into()),
        Reply::Ack { device, seq, unshown } => JsonReply::Ack {
            device: device.as_str(),
            seq: *seq,
            kept: if unshown.is_none() { "memory" } else { "none" },
            shown: unshown.is_none(),
            reason: unshown.map(Unshown::as_str),
        },
        Reply::Kept { device, located } => {
            JsonReply::Kept { device: device.as_str(), located: *located }
        }
        Reply::SignedOff { device } => JsonReply::SignedOff { device: device.as_str() },
        Reply::Pong { id, at } => JsonReply::Pong { id: *id, time_ms: at.0 },
        Reply::Renewed { token_expires } => {
            JsonReply::Renewed { token_expires_ms: token_expires.0 }
        }
        Reply::Radius(radius) => JsonReply::Radius { radius_m: radius.0 },
        Reply::ReportingHint(hint) => JsonReply::ReportingHint { hint: (*hint).into() },
        Reply::Gap => JsonReply::Gap,
        Reply::Unlocated => JsonReply::Unlocated,
        Reply::Degraded { interval_ms } => JsonReply::Degraded { interval_ms: *interval_ms },
        Reply::Recovered { interval_ms } => JsonReply::Recovered { interval_ms: *interval_ms },
        Reply::Drain { closes_in_ms } => JsonReply::Drain { closes_in_ms: *closes_in_ms },
        Reply::Error(fault) => JsonReply::Error {
            error: fault.word.as_str(),
            detail: &fault.detail,
            device: fault.device.as_ref().map(DeviceId::as_str),
            seq: fault.seq,
            retry_after_ms: fault.retry_after_ms,
        },
    };
    serde_json::to_writer(out, &wire).expect("strings and finite numbers always have a JSON form");
}

#[cfg(test)]
mod tests;
