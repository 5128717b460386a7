//! What the server says, apart from pushes, which [`crate::session::view`] puts together.

use serde::Serialize;

use super::{ErrorWord, Fault};
use crate::session::outbound::reporting_hint::Hint;
use crate::session::record::Record;

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

/// One message to a client.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Reply<'a> {
    Welcome(Box<Welcome<'a>>),
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
        hint: HintBody,
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
pub(crate) struct Welcome<'a> {
    pub(crate) user: &'a str,
    pub(crate) session: &'a str,
    pub(crate) epoch: &'a str,
    pub(crate) time_ms: i64,
    pub(crate) ttl_ms: u64,
    pub(crate) radius_m: f64,
    pub(crate) tick_ms: u64,
    pub(crate) ping_interval_ms: u64,
    pub(crate) token_expires_ms: i64,
    pub(crate) limits: Limits,
    pub(crate) hint: HintBody,
}

#[derive(Serialize)]
pub(crate) struct Limits {
    pub(crate) message_bytes: usize,
    pub(crate) batch_fixes: usize,
    pub(crate) fixes_per_s: u32,
    pub(crate) fixes_burst: u32,
    pub(crate) bytes_per_s: u32,
}

#[derive(Serialize)]
pub(crate) struct HintBody {
    interval_ms: u64,
    displacement_m: u32,
    accuracy: &'static str,
}

impl From<Hint> for HintBody {
    fn from(hint: Hint) -> Self {
        let Hint { interval_ms, displacement_m, accuracy } = hint;
        Self { interval_ms, displacement_m, accuracy }
    }
}

impl Reply<'_> {
    pub(crate) fn encode(&self) -> String {
        serde_json::to_string(self).expect("strings and finite numbers always have a JSON form")
    }
}

/// The `error` for a refused message.
pub(crate) fn error(fault: &Fault) -> String {
    refusal(fault.word, &fault.detail, None, None)
}

/// The `error` for a fix that was refused.
pub(crate) fn refusal(
    word: ErrorWord,
    detail: &str,
    fix: Option<(&str, u64)>,
    retry_after_ms: Option<u64>,
) -> String {
    Reply::Error {
        error: word.as_str(),
        detail,
        device: fix.map(|(device, _)| device),
        seq: fix.map(|(_, seq)| seq),
        retry_after_ms,
    }
    .encode()
}

/// The client's own position, as another of its connections set it.
pub(crate) fn position(record: &Record) -> String {
    let fields = record.json_head().trim_start_matches('{');
    format!(r#"{{"type":"position",{fields}}}"#)
}

/// One part of a snapshot; `friends` are encoded already.
pub(crate) fn snapshot(
    epoch: &str,
    time_ms: i64,
    located: bool,
    friends: &str,
    more: bool,
) -> String {
    format!(
        r#"{{"type":"snapshot","epoch":"{epoch}","time_ms":{time_ms},"located":{located},"friends":[{friends}],"more":{more}}}"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without a wildcard: a new reply doesn't compile until its name stands here, and so in the list.
    fn name(reply: &Reply<'_>) -> &'static str {
        match reply {
            Reply::Welcome(_) => "welcome",
            Reply::Ack { .. } => "ack",
            Reply::Kept { .. } => "kept",
            Reply::SignedOff { .. } => "signed_off",
            Reply::Pong { .. } => "pong",
            Reply::Renewed { .. } => "renewed",
            Reply::Radius { .. } => "radius",
            Reply::Hint { .. } => "hint",
            Reply::Gap => "gap",
            Reply::Unlocated => "unlocated",
            Reply::Degraded { .. } => "degraded",
            Reply::Recovered { .. } => "recovered",
            Reply::Drain { .. } => "drain",
            Reply::Error { .. } => "error",
        }
    }

    #[test]
    fn every_reply_goes_out_under_a_listed_name() {
        let hint = || Hint { interval_ms: 1, displacement_m: 1, accuracy: "low" }.into();
        let welcome = Welcome {
            user: "u",
            session: "s",
            epoch: "e",
            time_ms: 0,
            ttl_ms: 1,
            radius_m: 1.0,
            tick_ms: 1,
            ping_interval_ms: 1,
            token_expires_ms: 0,
            limits: Limits {
                message_bytes: 1,
                batch_fixes: 1,
                fixes_per_s: 1,
                fixes_burst: 1,
                bytes_per_s: 1,
            },
            hint: hint(),
        };
        let device = "d";
        let replies = [
            Reply::Welcome(Box::new(welcome)),
            Reply::Ack { device, seq: 1, kept: "none", shown: false, reason: None },
            Reply::Kept { device, located: true },
            Reply::SignedOff { device },
            Reply::Pong { id: 1, time_ms: 0 },
            Reply::Renewed { token_expires_ms: 0 },
            Reply::Radius { radius_m: 1.0 },
            Reply::Hint { hint: hint() },
            Reply::Gap,
            Reply::Unlocated,
            Reply::Degraded { interval_ms: 1 },
            Reply::Recovered { interval_ms: 1 },
            Reply::Drain { closes_in_ms: 1 },
            Reply::Error { error: "e", detail: "d", device: None, seq: None, retry_after_ms: None },
        ];
        for reply in &replies {
            assert!(REPLY_TYPES.contains(&name(reply)), "{} isn't listed", name(reply));
            let start = format!(r#"{{"type":"{}""#, name(reply));
            assert!(reply.encode().starts_with(&start), "{}", reply.encode());
        }
        // The others are not made of `Reply`, but put together from pieces that are encoded once.
        let pieced = ["snapshot", "position", "push"];
        let listed = REPLY_TYPES.iter().filter(|listed| !pieced.contains(listed));
        assert!(listed.eq(replies.iter().map(name).collect::<Vec<_>>().iter()));
    }
}
