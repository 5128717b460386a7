//! Fixes, each judged by itself: what a phone can't know or help costs it no position.

use model::{DeviceId, Fix, Position, Timestamp, limits};

use super::json::{Field, Json, Object};
use super::{TIME_MS, device, required};
use crate::session::messages::{
    ErrorWord, LeftOut, OptionalField, RefusedFix, Rejection, Request, SentFix,
};

/// A message with one fix.
pub(super) fn one(message: &Object<'_>) -> Result<Request, Rejection> {
    let mut left_out = LeftOut::default();
    let seq = seq(message).ok();
    let device = device(message).map_err(|rejection| Rejection { seq, ..rejection })?;
    match fix(message, &mut left_out) {
        Ok(fix) => {
            let (fixes, refused) = (vec![fix], Vec::new());
            let last_seq = fixes[0].seq;
            Ok(Request::Fixes { device, fixes, refused, last_seq, left_out })
        }
        Err(detail) => {
            let rejection = Rejection::new(ErrorWord::InvalidFix, detail);
            Err(Rejection { device: Some(device), seq, ..rejection })
        }
    }
}

/// A message with several, of which some may be refused.
pub(super) fn several(message: &Object<'_>, fixes_max: usize) -> Result<Request, Rejection> {
    let device = device(message)?;
    let items = required(message, Field::Fixes)?;
    let (mut fixes, mut refused, mut left_out) = (Vec::new(), Vec::new(), LeftOut::default());
    let (mut index, mut last_seq) = (0, None);
    let is_list = items.each_object(|item| {
        // The rest is counted only.
        if index < fixes_max {
            let seq = item.as_ref().and_then(|item| seq(item).ok());
            last_seq = seq.or(last_seq);
            match item_fix(item, &device, &mut left_out) {
                Ok(fix) => fixes.push(fix),
                Err(detail) => refused.push(RefusedFix { index, seq, detail }),
            }
        }
        index += 1;
    });
    let refuse = |word, detail: String| {
        Err(Rejection { device: Some(device.clone()), ..Rejection::new(word, detail) })
    };
    if !is_list {
        return refuse(
            ErrorWord::InvalidMessage,
            format!("fixes must be a list, and is {}", items.kind()),
        );
    }
    if index == 0 {
        // As of a phone whose queue is empty: no fault that counts.
        return refuse(ErrorWord::InvalidFix, "fixes is empty".to_owned());
    }
    if index > fixes_max {
        let detail = format!("{index} fixes; at most {fixes_max} in one message");
        return refuse(ErrorWord::TooManyFixes, detail);
    }
    let Some(last_seq) = last_seq else {
        let why = refused.first().map_or("", |first| &first.detail);
        return refuse(ErrorWord::InvalidFix, format!("no fix has a seq; fixes[0]: {why}"));
    };
    Ok(Request::Fixes { device, fixes, refused, last_seq, left_out })
}

/// Reads one of several. It may say again what the message says, as one that waited as a message of its own does.
fn item_fix(
    item: Option<Object<'_>>,
    device: &DeviceId,
    left_out: &mut LeftOut,
) -> Result<SentFix, String> {
    let item = item.ok_or("must be an object")?;
    let said = item.told(Field::Device).map(|said| said.text().and_then(Result::ok));
    if said.is_some_and(|said| said.as_deref() != Some(device.as_str())) {
        return Err("device must be that of the message: one message is of one device".to_owned());
    }
    if let Some(repeated) = item.repeated {
        return Err(format!("{} stands there twice", repeated.as_str()));
    }
    fix(&item, left_out)
}

/// Reads a fix. What need not be there and can't be is left out, and counted.
fn fix(item: &Object<'_>, left_out: &mut LeftOut) -> Result<SentFix, String> {
    let seq = seq(item)?;
    let time = time(item)?;
    let mut optional = |field: OptionalField| value(item, field, left_out);
    let accuracy_m = optional(OptionalField::Accuracy);
    if accuracy_m.is_some_and(|metres| metres < 0.0) {
        return Ok(SentFix { seq, time, fix: None });
    }
    let position = Position::new(degrees(item, Field::Latitude)?, degrees(item, Field::Longitude)?)
        .map_err(|fault| fault.to_string())?;
    let fix = Fix {
        position,
        accuracy_m,
        altitude_m: optional(OptionalField::Altitude),
        speed_mps: optional(OptionalField::Speed),
        heading_deg: optional(OptionalField::Heading),
        battery_percent: optional(OptionalField::Battery),
    };
    Ok(SentFix { seq, time, fix: Some(fix) })
}

/// An optional value, if it can be. An accuracy that can't be so large is clamped, since none would look exact; a negative one
/// says that the position itself isn't valid, so it is answered.
fn value(item: &Object<'_>, field: OptionalField, left_out: &mut LeftOut) -> Option<f64> {
    let (name, range) = match field {
        OptionalField::Accuracy => (Field::Accuracy, limits::ACCURACY_M),
        OptionalField::Altitude => (Field::Altitude, limits::ALTITUDE_M),
        OptionalField::Speed => (Field::Speed, limits::SPEED_MPS),
        OptionalField::Heading => (Field::Heading, limits::HEADING_DEG),
        OptionalField::Battery => (Field::Battery, limits::BATTERY_PERCENT),
    };
    let told = item.told(name)?;
    let number = told.number();
    if number.is_some_and(|number| range.contains(&number)) {
        return number;
    }
    left_out.add(field);
    match (field, number) {
        (OptionalField::Accuracy, Some(metres)) => Some(metres.min(*range.end())),
        _ => None,
    }
}

fn degrees(item: &Object<'_>, field: Field) -> Result<f64, String> {
    let value = needed(item, field)?;
    value
        .number()
        .ok_or_else(|| format!("{} must be a number, and is {}", field.as_str(), value.kind()))
}

pub(super) fn seq(item: &Object<'_>) -> Result<u64, String> {
    let whole = needed(item, Field::Seq)?.whole();
    let seq = whole.and_then(|whole| u64::try_from(whole).ok());
    let seq = seq.filter(|seq| *seq <= limits::SEQ_MAX);
    seq.ok_or_else(|| "seq must be a whole number from 0 to 2^53".to_owned())
}

/// The phone's clock. One that can't be isn't left out: a position of any age would look new.
fn time(item: &Object<'_>) -> Result<Option<Timestamp>, String> {
    let Some(told) = item.told(Field::Time) else { return Ok(None) };
    let Some(number) = told.number() else {
        return Err(format!(
            "time_ms must be a number of Unix milliseconds, and is {}",
            told.kind()
        ));
    };
    // Beyond an i64 it is the greatest; a fraction of a millisecond is dropped.
    let time_ms = number.floor() as i64;
    if TIME_MS.contains(&time_ms) {
        return Ok(Some(Timestamp(time_ms)));
    }
    Err(format!("time_ms must be in Unix milliseconds; {}", guess(time_ms)))
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

fn needed<'a>(item: &Object<'a>, field: Field) -> Result<Json<'a>, String> {
    item.told(field).ok_or_else(|| format!("{} is missing", field.as_str()))
}
