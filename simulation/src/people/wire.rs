//! The messages of PROTOCOL.md, as far as a simulated phone needs them. Fields that it has no use for are skipped.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// What a phone sends.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ToServer<'a> {
    Fix { device: &'a str, seq: u64, latitude: f64, longitude: f64, time_ms: i64 },
    Ping { id: u64 },
    Renew { token: &'a str },
}

impl ToServer<'_> {
    pub(crate) fn text(&self) -> String {
        serde_json::to_string(self).expect("numbers that are finite and strings have a JSON form")
    }
}

/// What a phone hears.
pub(crate) enum FromServer<'a> {
    Welcome(Welcome),
    Snapshot(Snapshot<'a>),
    Push(Push<'a>),
    Ack(Ack<'a>),
    Pong(Pong),
    Renewed(Renewed),
    Radius(Radius),
    Position(Own),
    Gap,
    Unlocated,
    Error(ErrorReply<'a>),
    /// Of interest to people, not to the simulation: `hint`, `names`, `relation`, `degraded` and so on.
    Aside,
    Unknown,
}

#[derive(Deserialize)]
pub(crate) struct Welcome {
    pub(crate) epoch: String,
    pub(crate) time_ms: i64,
    pub(crate) ttl_ms: i64,
    pub(crate) radius_m: f64,
    pub(crate) tick_ms: u64,
    pub(crate) token_expires_ms: Option<i64>,
    pub(crate) limits: Limits,
}

#[derive(Deserialize)]
pub(crate) struct Limits {
    pub(crate) fixes_per_s: f64,
}

#[derive(Deserialize)]
pub(crate) struct Snapshot<'a> {
    pub(crate) epoch: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) friends: Vec<Friend<'a>>,
    pub(crate) more: bool,
}

#[derive(Deserialize)]
pub(crate) struct Push<'a> {
    #[serde(borrow, default)]
    pub(crate) came: Vec<Friend<'a>>,
    #[serde(borrow, default)]
    pub(crate) moved: Vec<Friend<'a>>,
    #[serde(borrow, default)]
    pub(crate) distances: Vec<Distance<'a>>,
    #[serde(borrow, default)]
    pub(crate) left: Vec<Left<'a>>,
}

#[derive(Deserialize)]
pub(crate) struct Friend<'a> {
    #[serde(borrow)]
    pub(crate) id: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) class: Cow<'a, str>,
    pub(crate) latitude: f64,
    pub(crate) longitude: f64,
    pub(crate) distance_m: f64,
    pub(crate) time_ms: i64,
}

#[derive(Deserialize)]
pub(crate) struct Distance<'a> {
    #[serde(borrow)]
    pub(crate) id: Cow<'a, str>,
    pub(crate) distance_m: f64,
}

#[derive(Deserialize)]
pub(crate) struct Left<'a> {
    #[serde(borrow)]
    pub(crate) id: Cow<'a, str>,
    pub(crate) reason: Reason,
}

/// Why a friend left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reason {
    Far,
    Gone,
}

#[derive(Deserialize)]
pub(crate) struct Ack<'a> {
    pub(crate) seq: u64,
    pub(crate) shown: bool,
    #[serde(borrow)]
    pub(crate) reason: Option<Cow<'a, str>>,
}

/// Where the service shows the person, if somebody else has set it.
#[derive(Deserialize)]
pub(crate) struct Own {
    pub(crate) latitude: f64,
    pub(crate) longitude: f64,
    pub(crate) time_ms: i64,
}

#[derive(Deserialize)]
pub(crate) struct Pong {
    pub(crate) id: u64,
}

#[derive(Deserialize)]
pub(crate) struct Renewed {
    pub(crate) token_expires_ms: Option<i64>,
}

#[derive(Deserialize)]
pub(crate) struct Radius {
    pub(crate) radius_m: f64,
}

#[derive(Deserialize)]
pub(crate) struct ErrorReply<'a> {
    #[serde(borrow)]
    pub(crate) error: Cow<'a, str>,
    pub(crate) seq: Option<u64>,
    pub(crate) retry_after_ms: Option<u64>,
}

#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(borrow, rename = "type")]
    word: Cow<'a, str>,
}

impl<'a> FromServer<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, serde_json::Error> {
        // Nearly all messages are pushes: they are spared the look ahead.
        if text.starts_with(r#"{"type":"push","#) {
            return serde_json::from_str(text).map(Self::Push);
        }
        let kind: Kind<'_> = serde_json::from_str(text)?;
        Ok(match &*kind.word {
            "welcome" => Self::Welcome(serde_json::from_str(text)?),
            "snapshot" => Self::Snapshot(serde_json::from_str(text)?),
            "push" => Self::Push(serde_json::from_str(text)?),
            "ack" => Self::Ack(serde_json::from_str(text)?),
            "pong" => Self::Pong(serde_json::from_str(text)?),
            "renewed" => Self::Renewed(serde_json::from_str(text)?),
            "radius" => Self::Radius(serde_json::from_str(text)?),
            "gap" => Self::Gap,
            "unlocated" => Self::Unlocated,
            "error" => Self::Error(serde_json::from_str(text)?),
            "position" => Self::Position(serde_json::from_str(text)?),
            "hint" | "degraded" | "recovered" | "drain" | "names" | "relation"
            | "relations_unknown" => Self::Aside,
            _ => Self::Unknown,
        })
    }
}

/// Whether a client may come back after this close code (PROTOCOL.md, "Close codes"). Without a code, the connection
/// broke.
pub(crate) fn may_come_back(code: Option<u16>) -> bool {
    matches!(code, None | Some(1001 | 1011..=1013 | 4000..=4499))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_push_is_understood_whatever_the_order_of_its_fields() {
        let friend = r#"{"id":"bob","class":"precise","latitude":1.5,"longitude":2.5,
            "distance_m":10.1,"time_ms":5,"age_ms":1,"version":"x"}"#;
        for text in [
            format!(r#"{{"type":"push","time_ms":6,"came":[{friend}]}}"#),
            format!(r#"{{"time_ms":6,"came":[{friend}],"type":"push"}}"#),
        ] {
            let Ok(FromServer::Push(push)) = FromServer::parse(&text) else {
                panic!("no push: {text}");
            };
            assert_eq!(push.came[0].id, "bob");
            assert!(matches!(push.came[0].id, Cow::Borrowed(_)));
            assert!(push.moved.is_empty() && push.left.is_empty() && push.distances.is_empty());
        }
    }

    #[test]
    fn what_the_protocol_does_not_know_is_an_error() {
        for text in ["", "{}", r#"{"type":"push","came":[{"id":"bob"}]}"#] {
            assert!(FromServer::parse(text).is_err(), "{text}");
        }
        let surprise = FromServer::parse(r#"{"type":"surprise"}"#);
        assert!(matches!(surprise, Ok(FromServer::Unknown)));
    }

    #[test]
    fn a_fix_looks_as_the_protocol_says() {
        let fix =
            ToServer::Fix { device: "sim", seq: 3, latitude: 1.5, longitude: -2.0, time_ms: 7 };
        assert_eq!(
            fix.text(),
            r#"{"type":"fix","device":"sim","seq":3,"latitude":1.5,"longitude":-2.0,"time_ms":7}"#
        );
    }

    #[test]
    fn close_codes_say_whether_to_come_back() {
        for code in [1001, 1011, 1012, 1013, 4000, 4002, 4499] {
            assert!(may_come_back(Some(code)), "{code}");
        }
        for code in [1000, 1002, 1003, 1007, 1008, 1009, 4500, 4501, 4999] {
            assert!(!may_come_back(Some(code)), "{code}");
        }
        assert!(may_come_back(None));
    }
}
