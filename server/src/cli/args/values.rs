//! How values are written on the command line.

use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use model::Timestamp;

/// Seconds since midnight.
#[derive(Clone, Copy)]
pub(crate) struct TimeOfDay(pub(crate) f64);

/// A duration with one unit. The crates that parse such read no fractions, or no days.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let split = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let seconds = match unit {
        "ms" => 0.001,
        "s" | "" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        "d" => 86_400.0,
        _ => return Err("use ms, s, m, h or d, as in 90s or 24h".to_owned()),
    };
    let number: f64 =
        number.parse().map_err(|_| "use a number and a unit, as in 90s or 24h".to_owned())?;
    let seconds = number * seconds;
    if !(0.001..=3.2e9).contains(&seconds) {
        return Err("must be from 1ms to 100 years".to_owned());
    }
    Ok(Duration::from_secs_f64(seconds))
}

pub(super) fn time_of_day(text: &str) -> Result<TimeOfDay, String> {
    let wrong = || "use HH:MM, as in 08:30".to_owned();
    let (hours, minutes) = text.split_once(':').ok_or_else(wrong)?;
    let (hours, minutes): (u32, u32) =
        (hours.parse().map_err(|_| wrong())?, minutes.parse().map_err(|_| wrong())?);
    if hours > 23 || minutes > 59 {
        return Err(wrong());
    }
    Ok(TimeOfDay(f64::from(hours * 3_600 + minutes * 60)))
}

/// The beginning of a day in UTC, or a moment in Unix milliseconds.
pub(super) fn moment(text: &str) -> Result<Timestamp, String> {
    if let Ok(ms) = text.parse() {
        return Ok(Timestamp(ms));
    }
    let start = |date: Date| Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp());
    let start = text.parse().ok().and_then(start);
    let start = start.ok_or("use a day, as in 2026-11-27, or Unix milliseconds")?;
    Ok(Timestamp(start.as_millisecond()))
}

pub(super) fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if (0.01..=600.0).contains(&speed) => Ok(speed),
        _ => Err("must be from 0.01 to 600".to_owned()),
    }
}

/// A count or another number that is whole.
pub(super) fn whole<T: TryFrom<u64>>(text: &str) -> Result<T, String> {
    let number: u64 = text.parse().map_err(|_| "must be a whole number, at least 0".to_owned())?;
    T::try_from(number).map_err(|_| "is too large a number".to_owned())
}

pub(super) fn distance_m(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(metres) if (0.0..=DISTANCE_M_MAX).contains(&metres) => Ok(metres),
        _ => Err(format!("must be from 0 to {DISTANCE_M_MAX} metres")),
    }
}

/// From any place on Earth to its opposite.
const DISTANCE_M_MAX: f64 = 20_003_932.0;

pub(super) fn place(text: &str) -> Result<(f64, f64), String> {
    let wrong = || "use LAT,LON in degrees, as in 36.17,-115.14".to_owned();
    let (latitude, longitude) = text.split_once(',').ok_or_else(wrong)?;
    Ok((latitude.parse().map_err(|_| wrong())?, longitude.parse().map_err(|_| wrong())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_their_units() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("1.5h"), Ok(Duration::from_mins(90)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert!(duration("0s").is_err() && duration("5y").is_err() && duration("h").is_err());
        assert!(time_of_day("08:30").is_ok_and(|t| (t.0 - 30_600.0).abs() < 1e-9));
        assert_eq!(moment("1970-01-02"), Ok(Timestamp(86_400_000)));
        assert_eq!(moment("-5"), Ok(Timestamp(-5)));
        assert_eq!((whole::<u32>("7"), distance_m("1.5")), (Ok(7), Ok(1.5)));
        for wrong in ["", "x", "-1", "1.5", "99999999999999999999", "4294967296"] {
            let said = whole::<u32>(wrong).expect_err(wrong);
            assert!(said.contains("number"), "{said}");
        }
        assert!(["", "x", "-1", "NaN", "inf"].iter().all(|wrong| distance_m(wrong).is_err()));
        assert!(moment("2026-02-30").is_err() && moment("yesterday").is_err());
        assert!(time_of_day("24:00").is_err() && time_of_day("8").is_err());
    }
}
