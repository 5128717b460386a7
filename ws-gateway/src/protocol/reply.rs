//! What the server says, as text.

mod boards;
mod lists;
mod people;

use model::DeviceId;
use serde::Serialize;
use serde_json::json;

use crate::session::fixes::validation::{DEVICES_MAX, Unshown};
use crate::session::messages::{ErrorWord, RefusedFix, Reply, Welcome};
use crate::session::outbound::reporting_hint::{Accuracy, ReportingHint};

/// The names of all messages that the server sends, in the order of the documentation.
pub const REPLY_TYPES: [&str; 24] = [
    "welcome",
    "snapshot",
    "position",
    "push",
    "names",
    "ack",
    "kept",
    "signed_off",
    "pong",
    "renewed",
    "radius",
    "relation",
    "relations_unknown",
    "hint",
    "gap",
    "unlocated",
    "board",
    "board_push",
    "board_gap",
    "board_closed",
    "degraded",
    "recovered",
    "drain",
    "error",
];

/// Appends a message as JSON text.
pub(crate) fn encode(reply: &Reply, out: &mut Vec<u8>) {
    match reply {
        Reply::Snapshot(part) => lists::snapshot(part, out),
        Reply::Position(record) => lists::position(record, out),
        Reply::Push(news) => lists::push(news, out),
        Reply::Names(names) => people::names(names, out),
        Reply::Welcome(it) => welcome(it, out),
        Reply::Ack { device, seq, kept, unshown, refused } => Object::new(out, "ack")
            .with("device", device.as_str())
            .with("seq", seq)
            .with("kept", kept.as_str())
            .with("shown", unshown.is_none())
            .with_any("reason", unshown.map(Unshown::as_str))
            .with_any("refused", (!refused.is_empty()).then(|| refused_fixes(refused)))
            .end(),
        Reply::Kept { device, located } => {
            Object::new(out, "kept").with("device", device.as_str()).with("located", located).end();
        }
        Reply::SignedOff { device } => {
            Object::new(out, "signed_off").with("device", device.as_str()).end();
        }
        Reply::Pong { id, at } => {
            Object::new(out, "pong").with("id", id).with("time_ms", at.0).end();
        }
        Reply::Renewed { token_expires } => {
            Object::new(out, "renewed").with("token_expires_ms", token_expires.0).end();
        }
        Reply::Radius(radius) => Object::new(out, "radius").with("radius_m", radius.0).end(),
        Reply::Relation(it) => people::relation(&it.0, &it.1, out),
        Reply::RelationsUnknown => Object::new(out, "relations_unknown").end(),
        Reply::ReportingHint(it) => with_hint(Object::new(out, "hint"), *it).end(),
        Reply::Gap => Object::new(out, "gap").end(),
        Reply::Unlocated => Object::new(out, "unlocated").end(),
        Reply::Board(it) => boards::board(&it.0, &it.1, out),
        Reply::BoardGap { board } => {
            Object::new(out, "board_gap").with("board", board.as_str()).end();
        }
        Reply::BoardClosed { board, reason } => Object::new(out, "board_closed")
            .with("board", board.as_str())
            .with("reason", reason.as_str())
            .end(),
        Reply::Degraded { interval_ms } => {
            Object::new(out, "degraded").with("interval_ms", interval_ms).end();
        }
        Reply::Recovered { interval_ms } => {
            Object::new(out, "recovered").with("interval_ms", interval_ms).end();
        }
        Reply::Drain { closes_in_ms } => {
            Object::new(out, "drain").with("closes_in_ms", closes_in_ms).end();
        }
        Reply::Error(it) => Object::new(out, "error")
            .with("error", it.word.as_str())
            .with("detail", &it.detail)
            .with_any("device", it.device.as_ref().map(DeviceId::as_str))
            .with_any("seq", it.seq)
            .with_any("retry_after_ms", it.retry_after_ms)
            .end(),
    }
}

fn refused_fixes(refused: &[RefusedFix]) -> Vec<serde_json::Value> {
    let word = ErrorWord::InvalidFix.as_str();
    let one = |fix: &RefusedFix| match fix.seq {
        Some(seq) => json!({ "index": fix.index, "seq": seq, "error": word, "detail": fix.detail }),
        None => json!({ "index": fix.index, "error": word, "detail": fix.detail }),
    };
    refused.iter().map(one).collect()
}

fn welcome(it: &Welcome, out: &mut Vec<u8>) {
    let limits = &*it.limits;
    let welcome = Object::new(out, "welcome")
        .with("user", it.user.as_str())
        .with("session", &it.session)
        .with("epoch", &it.epoch)
        .with("time_ms", it.at.0)
        .with("ttl_ms", limits.ttl_ms)
        .with("radius_m", it.radius.0)
        .with("tick_ms", limits.tick_ms)
        .with("ping_interval_ms", limits.ping_interval_ms)
        .with("token_expires_ms", it.token_expires.0);
    let welcome = welcome
        .open("limits")
        .with("message_bytes", limits.message_bytes_max)
        .with("batch_fixes", limits.batch_fixes_max)
        .with("fixes_per_s", limits.fixes_per_s)
        .with("fixes_burst", limits.fixes_burst)
        .with("messages_per_s", limits.messages_per_s)
        .with("messages_burst", limits.messages_burst)
        .with("bytes_per_s", limits.bytes_per_s)
        .with("bytes_burst", limits.bytes_burst)
        .with("errors", limits.errors_max)
        .with("devices", DEVICES_MAX)
        .with("boards", limits.boards_max)
        .close();
    with_hint(welcome.open("hint"), it.hint).close().end();
}

fn with_hint(object: Object<'_>, hint: ReportingHint) -> Object<'_> {
    let accuracy = match hint.accuracy {
        Accuracy::Low => "low",
        Accuracy::Balanced => "balanced",
        Accuracy::High => "high",
    };
    object
        .with("interval_ms", hint.interval_ms)
        .with("displacement_m", hint.displacement_m)
        .with("accuracy", accuracy)
}

/// A JSON object that is being written.
struct Object<'a> {
    out: &'a mut Vec<u8>,
    is_empty: bool,
}

impl<'a> Object<'a> {
    /// A message of this type.
    fn new(out: &'a mut Vec<u8>, kind: &str) -> Self {
        out.push(b'{');
        Self { out, is_empty: true }.with("type", kind)
    }

    fn name(&mut self, name: &str) {
        if !std::mem::take(&mut self.is_empty) {
            self.out.push(b',');
        }
        self.write(name);
        self.out.push(b':');
    }

    fn write(&mut self, value: impl Serialize) {
        let written = serde_json::to_writer(&mut *self.out, &value);
        written.expect("strings and finite numbers always have a JSON form");
    }

    fn with(mut self, name: &str, value: impl Serialize) -> Self {
        self.name(name);
        self.write(value);
        self
    }

    /// Leaves the field out if there is no value.
    fn with_any(self, name: &str, value: Option<impl Serialize>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Begins an object in it.
    fn open(mut self, name: &str) -> Self {
        self.name(name);
        self.out.push(b'{');
        Self { is_empty: true, ..self }
    }

    /// Ends the object that was begun in it.
    fn close(self) -> Self {
        self.out.push(b'}');
        Self { is_empty: false, ..self }
    }

    fn end(self) {
        self.out.push(b'}');
    }
}

#[cfg(test)]
mod tests;
