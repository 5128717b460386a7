use std::borrow::Cow;
use std::fmt;

use model::{BoardId, DeviceId, Fix, Position, Timestamp, limits};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::error::Category;

use crate::session::boards::{AROUND_MAX, BoardShape, TOP_MAX};
use crate::session::messages::{ErrorWord, Rejection, Request, SentFix, Token};

/// Phones' clocks show a year between these, in Unix milliseconds: 2000-01-01 … 9999-12-31.
const TIME_MS: std::ops::RangeInclusive<i64> = 946_684_800_000..=253_402_300_799_999;

/// What a client watches of a board unless it says otherwise.
const TOP_DEFAULT: usize = 10;
const AROUND_DEFAULT: usize = 4;

/// The names of all messages a client may send, in the order of the documentation.
pub const REQUEST_TYPES: [&str; 9] =
    ["auth", "renew", "fix", "fixes", "keep", "sign_off", "watch_board", "unwatch_board", "ping"];

/// Reads a message. `batch_fixes_max` limits `fixes`.
pub(crate) fn parse(text: &str, batch_fixes_max: usize) -> Result<Request, Rejection> {
    let head: Object<Head> = read(text)?;
    let Some(kind) = head.0.kind else {
        return Err(Rejection::new(ErrorWord::InvalidMessage, "missing field `type`"));
    };
    match &*kind {
        "fix" => {
            let wire: WireFix = fields(text)?;
            let Some(sender) = &wire.device else {
                return Err(Rejection::new(ErrorWord::InvalidMessage, "missing field `device`"));
            };
            let device = device(sender)?;
            let fix = SentFix::try_from(&wire)
                .map_err(|detail| Rejection::new(ErrorWord::InvalidFix, detail))?;
            Ok(Request::Fixes { device, fixes: vec![fix] })
        }
        "fixes" => batch(&fields(text)?, batch_fixes_max),
        "keep" => Ok(Request::Keep { device: device(&fields::<DeviceMessage>(text)?.device)? }),
        "sign_off" => {
            Ok(Request::SignOff { device: device(&fields::<DeviceMessage>(text)?.device)? })
        }
        "watch_board" => watch_board(&fields(text)?),
        "unwatch_board" => {
            Ok(Request::UnwatchBoard { board: board(&fields::<BoardMessage>(text)?.board)? })
        }
        "ping" => {
            let id = fields::<PingMessage>(text)?.id;
            if id > limits::SEQ_MAX {
                return Err(Rejection::new(ErrorWord::InvalidMessage, "id must be from 0 to 2^53"));
            }
            Ok(Request::Ping { id })
        }
        "auth" => Ok(Request::Auth(Token(fields::<TokenMessage>(text)?.token))),
        "renew" => Ok(Request::Renew(Token(fields::<TokenMessage>(text)?.token))),
        _ => {
            let detail = format!("type must be one of {}", REQUEST_TYPES.join(", "));
            Err(Rejection::new(ErrorWord::UnknownType, detail))
        }
    }
}

fn fields<T: DeserializeOwned>(text: &str) -> Result<T, Rejection> {
    read::<Object<T>>(text).map(|object| object.0)
}

fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Rejection> {
    serde_json::from_str(text).map_err(|error| {
        let is_object = text.trim_start().starts_with('{');
        let word = match error.classify() {
            Category::Data if is_object => ErrorWord::InvalidMessage,
            _ => ErrorWord::InvalidJson,
        };
        Rejection::new(word, error.to_string())
    })
}

fn device(text: &str) -> Result<DeviceId, Rejection> {
    DeviceId::parse(text)
        .map_err(|fault| Rejection::new(ErrorWord::InvalidMessage, format!("device {fault}")))
}

fn board(text: &str) -> Result<BoardId, Rejection> {
    BoardId::parse(text)
        .map_err(|fault| Rejection::new(ErrorWord::InvalidMessage, format!("board {fault}")))
}

fn watch_board(wire: &WatchBoardMessage) -> Result<Request, Rejection> {
    let within = |name: &str, wanted: Option<usize>, default: usize, max: usize| {
        let count = wanted.unwrap_or(default);
        let out = || format!("{name} must be from 0 to {max}");
        if count <= max { Ok(count) } else { Err(Rejection::new(ErrorWord::InvalidMessage, out())) }
    };
    let shape = BoardShape {
        top: within("top", wire.top, TOP_DEFAULT, TOP_MAX)?,
        around: within("around", wire.around, AROUND_DEFAULT, AROUND_MAX)?,
    };
    Ok(Request::WatchBoard { board: board(&wire.board)?, shape })
}

fn batch(wire: &FixesMessage, batch_fixes_max: usize) -> Result<Request, Rejection> {
    let device = device(&wire.device)?;
    if wire.fixes.is_empty() {
        return Err(Rejection::new(ErrorWord::InvalidMessage, "fixes is empty"));
    }
    if wire.fixes.len() > batch_fixes_max {
        let detail =
            format!("{} fixes; at most {batch_fixes_max} in one message", wire.fixes.len());
        return Err(Rejection::new(ErrorWord::TooManyFixes, detail));
    }
    let mut fixes = Vec::with_capacity(wire.fixes.len());
    for (index, item) in wire.fixes.iter().enumerate() {
        if item.0.kind.is_some() || item.0.device.is_some() {
            let detail = format!("fixes[{index}]: type and device stand outside of fixes");
            return Err(Rejection::new(ErrorWord::InvalidMessage, detail));
        }
        let fix = SentFix::try_from(&item.0).map_err(|detail| {
            Rejection::new(ErrorWord::InvalidFix, format!("fixes[{index}]: {detail}"))
        })?;
        fixes.push(fix);
    }
    Ok(Request::Fixes { device, fixes })
}

/// A JSON object, and nothing else: serde would also read a struct's fields from an array.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }
        deserializer.deserialize_map(Fields(std::marker::PhantomData))
    }
}

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Cow<'a, str>>,
}

/// A field that may be missing, but not null.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

macro_rules! message {
    ($name:ident { $($field:ident: $type:ty),* $(,)? }) => {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct $name {
            /// Has been read already.
            #[serde(rename = "type")]
            _kind: IgnoredAny,
            $($field: $type,)*
        }
    };
}

message!(TokenMessage { token: String });
message!(DeviceMessage { device: String });
message!(PingMessage { id: u64 });
message!(BoardMessage { board: String });
message!(WatchBoardMessage { board: String, top: Option<usize>, around: Option<usize> });
message!(FixesMessage { device: String, fixes: Vec<Object<WireFix>> });
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireFix {
    /// Only in a message of its own.
    #[serde(rename = "type", default, deserialize_with = "present")]
    kind: Option<IgnoredAny>,
    /// Only in a message of its own.
    #[serde(default, deserialize_with = "present")]
    device: Option<String>,
    seq: u64,
    latitude: f64,
    longitude: f64,
    accuracy_m: Option<f64>,
    altitude_m: Option<f64>,
    speed_mps: Option<f64>,
    heading_deg: Option<f64>,
    battery_percent: Option<f64>,
    time_ms: Option<i64>,
}

impl TryFrom<&WireFix> for SentFix {
    type Error = String;

    fn try_from(wire: &WireFix) -> Result<Self, String> {
        if wire.seq > limits::SEQ_MAX {
            return Err("seq must be from 0 to 2^53".to_owned());
        }
        if let Some(time_ms) = wire.time_ms.filter(|t| !TIME_MS.contains(t)) {
            return Err(format!("time_ms must be in Unix milliseconds; {}", guess(time_ms)));
        }
        let position =
            Position::new(wire.latitude, wire.longitude).map_err(|fault| fault.to_string())?;
        let fix = Fix {
            position,
            accuracy_m: wire.accuracy_m,
            altitude_m: wire.altitude_m,
            speed_mps: wire.speed_mps,
            heading_deg: wire.heading_deg,
            battery_percent: wire.battery_percent,
        };
        let fix = fix.checked().map_err(|fault| fault.to_string())?;
        Ok(Self { seq: wire.seq, time: wire.time_ms.map(Timestamp), fix })
    }
}

fn guess(time_ms: i64) -> &'static str {
    if TIME_MS.contains(&time_ms.saturating_mul(1_000)) {
        "this looks like seconds"
    } else if TIME_MS.contains(&(time_ms / 1_000)) {
        "this looks like microseconds"
    } else {
        "this is no time between the years 2000 and 9999"
    }
}

#[cfg(test)]
mod tests;
