use model::{DeviceId, Timestamp};
use serde_json::Value;

use super::imported::{Draft, Imported};
use super::number::moment;
use super::skipped::{SkipReason, Skipped};

/// What speeds are told in, kilometres an hour, in metres per second.
const KMH_MPS: f64 = 1_000.0 / 3_600.0;

/// Takes a line: the time of receipt, what it is, and the message as JSON, with tabs between.
pub(super) fn take(
    line: u64,
    text: Result<&str, SkipReason>,
    skipped: &mut Skipped,
    found: &mut Vec<Imported>,
) {
    if text.is_ok_and(|text| text.trim().is_empty()) {
        return;
    }
    match text.and_then(draft).and_then(|draft| draft.finish(skipped)) {
        Ok(imported) => found.push(imported),
        Err(reason) => skipped.count(reason, line),
    }
}

fn draft(line: &str) -> Result<Draft, SkipReason> {
    let mut columns = line.splitn(3, '\t');
    let (Some(received), Some(_), Some(message)) = (columns.next(), columns.next(), columns.next())
    else {
        return Err(SkipReason::Malformed);
    };
    let message: Value = serde_json::from_str(message).map_err(|_| SkipReason::Malformed)?;
    if message.get("_type").and_then(Value::as_str) != Some("location") {
        return Err(SkipReason::OtherKind);
    }
    let number = |name: &str| message.get(name).and_then(Value::as_f64);
    let seconds = number("tst").map(|seconds| Timestamp((seconds * 1e3).round() as i64));
    // owntracks/USER/DEVICE
    let topic = message.get("topic").and_then(Value::as_str).unwrap_or_default();
    let device = topic.split('/').nth(2).and_then(|name| DeviceId::parse(name).ok());
    Ok(Draft {
        device,
        time: seconds.or_else(|| moment(received)),
        latitude: number("lat"),
        longitude: number("lon"),
        values: [
            number("acc"),
            number("alt"),
            number("vel").map(|kmh| kmh * KMH_MPS),
            number("cog"),
            number("batt"),
        ],
        ..Draft::default()
    })
}
