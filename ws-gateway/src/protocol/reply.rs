//! What the server says, as text.

mod lists;

use model::DeviceId;
use serde::Serialize;

use crate::session::fixes::validation::Unshown;
use crate::session::limits::Limits;
use crate::session::messages::{Reply, Welcome};
use crate::session::outbound::reporting_hint::{Accuracy, Hint};

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
enum Wire<'a> {
    Welcome(WireWelcome<'a>),
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
    Hint {
        #[serde(flatten)]
        hint: WireHint,
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
struct WireWelcome<'a> {
    user: &'a str,
    session: &'a str,
    epoch: &'a str,
    time_ms: i64,
    ttl_ms: u64,
    radius_m: f64,
    tick_ms: u64,
    ping_interval_ms: u64,
    token_expires_ms: i64,
    limits: WireLimits,
    hint: WireHint,
}

#[derive(Serialize)]
struct WireLimits {
    message_bytes: usize,
    batch_fixes: usize,
    fixes_per_s: u32,
    fixes_burst: u32,
    bytes_per_s: u32,
}

#[derive(Serialize)]
struct WireHint {
    interval_ms: u64,
    displacement_m: u32,
    accuracy: &'static str,
}

impl From<&Limits> for WireLimits {
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

impl From<Hint> for WireHint {
    fn from(hint: Hint) -> Self {
        let Hint { interval_ms, displacement_m, accuracy } = hint;
        let accuracy = match accuracy {
            Accuracy::Low => "low",
            Accuracy::Balanced => "balanced",
            Accuracy::High => "high",
        };
        Self { interval_ms, displacement_m, accuracy }
    }
}

impl<'a> From<&'a Welcome> for WireWelcome<'a> {
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
        Reply::Welcome(welcome) => Wire::Welcome((&**welcome).into()),
        Reply::Ack { device, seq, unshown } => Wire::Ack {
            device: device.as_str(),
            seq: *seq,
            kept: if unshown.is_none() { "memory" } else { "none" },
            shown: unshown.is_none(),
            reason: unshown.map(Unshown::as_str),
        },
        Reply::Kept { device, located } => {
            Wire::Kept { device: device.as_str(), located: *located }
        }
        Reply::SignedOff { device } => Wire::SignedOff { device: device.as_str() },
        Reply::Pong { id, at } => Wire::Pong { id: *id, time_ms: at.0 },
        Reply::Renewed { token_expires } => Wire::Renewed { token_expires_ms: token_expires.0 },
        Reply::Radius(radius) => Wire::Radius { radius_m: radius.0 },
        Reply::Hint(hint) => Wire::Hint { hint: (*hint).into() },
        Reply::Gap => Wire::Gap,
        Reply::Unlocated => Wire::Unlocated,
        Reply::Degraded { interval_ms } => Wire::Degraded { interval_ms: *interval_ms },
        Reply::Recovered { interval_ms } => Wire::Recovered { interval_ms: *interval_ms },
        Reply::Drain { closes_in_ms } => Wire::Drain { closes_in_ms: *closes_in_ms },
        Reply::Error(fault) => Wire::Error {
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
