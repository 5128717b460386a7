mod fixes;
mod json;

use model::{BoardId, DeviceId, limits};

use crate::session::boards::{AROUND_MAX, BoardShape, TOP_MAX};
use crate::session::messages::{ErrorWord, Rejection, Request, Token};
use json::{Field, Json, Object};

/// Phones' clocks show a year between these, in Unix milliseconds: 2000-01-01 … 9999-12-31.
const TIME_MS: std::ops::RangeInclusive<i64> = 946_684_800_000..=253_402_300_799_999;

/// What a client watches of a board unless it says otherwise.
const TOP_DEFAULT: usize = 10;
const AROUND_DEFAULT: usize = 4;

/// How much of an unknown word is repeated to the client, characters.
const QUOTED_MAX: usize = 32;

/// The names of all messages a client may send, in the order of the documentation.
pub const REQUEST_TYPES: [&str; 9] =
    ["auth", "renew", "fix", "fixes", "keep", "sign_off", "watch_board", "unwatch_board", "ping"];

/// Reads a message. `batch_fixes_max` limits `fixes`. Fields that aren't known are passed over: in every rollout apps are newer
/// than some gateways for a while.
pub(crate) fn parse(text: &str, batch_fixes_max: usize) -> Result<Request, Rejection> {
    let message = Object::read(text).map_err(|error| {
        let detail = if error.is_data() {
            "a message is one JSON object".to_owned()
        } else {
            api::plain(&error.to_string())
        };
        Rejection::new(ErrorWord::InvalidJson, detail)
    })?;
    if let Some(repeated) = message.repeated {
        let device = device(&message).ok().filter(|_| repeated != Field::Device);
        let seq = fixes::seq(&message).ok().filter(|_| repeated != Field::Seq);
        let rejection = invalid(format!("{} stands there twice", repeated.as_str()));
        return Err(Rejection { device, seq, ..rejection });
    }
    match &*text_of(&message, Field::Type)? {
        "fix" => fixes::one(&message),
        "fixes" => fixes::several(&message, batch_fixes_max),
        "keep" => Ok(Request::Keep { device: device(&message)? }),
        "sign_off" => Ok(Request::SignOff { device: device(&message)? }),
        "watch_board" => watch_board(&message),
        "unwatch_board" => Ok(Request::UnwatchBoard { board: board(&message)? }),
        "ping" => ping(&message),
        "auth" => Ok(Request::Auth(token(&message)?)),
        "renew" => Ok(Request::Renew(token(&message)?)),
        other => {
            let other: String = other.chars().take(QUOTED_MAX).collect();
            let known = REQUEST_TYPES.join(", ");
            let other = serde_json::Value::from(other);
            let detail = format!("type must be one of {known}, and is {other}");
            Err(Rejection::new(ErrorWord::UnknownType, detail))
        }
    }
}

fn invalid(detail: impl Into<String>) -> Rejection {
    Rejection::new(ErrorWord::InvalidMessage, detail)
}

/// A field that must be there; null is as good as nothing.
fn required<'a>(message: &Object<'a>, field: Field) -> Result<Json<'a>, Rejection> {
    message.told(field).ok_or_else(|| invalid(format!("{} is missing", field.as_str())))
}

fn text_of<'a>(message: &Object<'a>, field: Field) -> Result<std::borrow::Cow<'a, str>, Rejection> {
    let value = required(message, field)?;
    let text = value.text().ok_or_else(|| {
        invalid(format!("{} must be a text, and is {}", field.as_str(), value.kind()))
    })?;
    text.map_err(|error| Rejection::new(ErrorWord::InvalidJson, api::plain(&error.to_string())))
}

fn token(message: &Object<'_>) -> Result<Token, Rejection> {
    text_of(message, Field::Token).map(|token| Token(token.into_owned()))
}

fn device(message: &Object<'_>) -> Result<DeviceId, Rejection> {
    DeviceId::parse(&text_of(message, Field::Device)?)
        .map_err(|fault| invalid(format!("device {fault}")))
}

fn board(message: &Object<'_>) -> Result<BoardId, Rejection> {
    BoardId::parse(&text_of(message, Field::Board)?)
        .map_err(|fault| invalid(format!("board {fault}")))
}

fn ping(message: &Object<'_>) -> Result<Request, Rejection> {
    let id = required(message, Field::Id)?.whole().and_then(|id| u64::try_from(id).ok());
    let id = id.filter(|id| *id <= limits::SEQ_MAX);
    let id = id.ok_or_else(|| invalid("id must be a whole number from 0 to 2^53"))?;
    Ok(Request::Ping { id })
}

fn watch_board(message: &Object<'_>) -> Result<Request, Rejection> {
    let within = |field: Field, default: usize, max: usize| {
        let Some(wanted) = message.told(field) else { return Ok(default) };
        let count = wanted.whole().and_then(|count| usize::try_from(count).ok());
        let count = count.filter(|count| *count <= max);
        let (name, kind) = (field.as_str(), wanted.kind());
        count.ok_or_else(|| {
            let is = if kind == "a number" { String::new() } else { format!(", and is {kind}") };
            invalid(format!("{name} must be a whole number from 0 to {max}{is}"))
        })
    };
    let shape = BoardShape {
        top: within(Field::Top, TOP_DEFAULT, TOP_MAX)?,
        around: within(Field::Around, AROUND_DEFAULT, AROUND_MAX)?,
    };
    Ok(Request::WatchBoard { board: board(message)?, shape })
}

#[cfg(test)]
mod tests;
