//! What the server says, apart from pushes, which [`crate::view`] puts together.

use serde::Serialize;

use super::{ErrorWord, Fault};
use crate::hint::Hint;
use crate::record::Record;

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
