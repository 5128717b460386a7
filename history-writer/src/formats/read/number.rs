//! Numbers and times as other programs write them.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use model::Timestamp;

/// From here on a number of seconds since 1970 is one of milliseconds (the year 5138), and so on.
const SECONDS_MAX: f64 = 1e11;
const MS_MAX: f64 = 1e14;
const MICROSECONDS_MAX: f64 = 1e17;

/// A number; nothing where there is none.
pub(super) fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

/// A moment: RFC 3339, in UTC where it says no offset, or the time since 1970 in seconds, milliseconds, microseconds or nanoseconds,
/// whichever makes it lie within some thousand years.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    if let Some(number) = number(text) {
        let magnitude = number.abs();
        let ms = match magnitude {
            _ if magnitude < SECONDS_MAX => number * 1e3,
            _ if magnitude < MS_MAX => number,
            _ if magnitude < MICROSECONDS_MAX => number / 1e3,
            _ => number / 1e6,
        };
        return Some(Timestamp(ms.round() as i64));
    }
    let text = text.trim();
    let moment = text.parse::<jiff::Timestamp>().ok().or_else(|| {
        let civil = text.parse::<DateTime>().ok()?;
        Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp())
    });
    moment.map(|moment| Timestamp(moment.as_millisecond()))
}

/// A number of milliseconds since 1970.
pub(super) fn moment_ms(text: &str) -> Option<Timestamp> {
    number(text).map(|ms| Timestamp(ms.round() as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_every_unit() {
        let expected = Some(Timestamp(1_559_810_013_091));
        for text in [
            "1559810013.091",
            " 1559810013091",
            "1559810013091000",
            "1559810013091000000",
            "2019-06-06T08:33:33.091Z",
            "2019-06-06 10:33:33.091+02:00",
            "2019-06-06T08:33:33.091",
            "2019-06-06 08:33:33.091",
        ] {
            assert_eq!(moment(text), expected, "{text}");
        }
        assert_eq!(moment("0"), Some(Timestamp(0)));
        assert_eq!(moment("4102444799"), Some(Timestamp(4_102_444_799_000)));
        assert_eq!(moment_ms("12"), Some(Timestamp(12)));
        for text in ["", "now", "NaN", "inf", "2019-13-01T00:00:00Z"] {
            assert_eq!(moment(text), None, "{text}");
        }
    }
}
