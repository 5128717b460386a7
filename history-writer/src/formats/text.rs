//! Numbers and times as text. A track has some twenty of them a point: this is what writing one costs.

use model::{Metres, Timestamp};

/// The longest number: a sign and 19 digits.
const DIGITS_MAX: usize = 20;

/// Writes a whole number.
pub(super) fn put_whole(out: &mut Vec<u8>, number: i64) {
    if number < 0 {
        out.push(b'-');
    }
    put_unsigned(out, number.unsigned_abs());
}

/// Writes a whole number that isn't negative.
pub(super) fn put_unsigned(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; DIGITS_MAX];
    let mut at = DIGITS_MAX;
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Writes a number that was counted in so many decimals, without zeros at its end.
pub(super) fn put_decimal(out: &mut Vec<u8>, number: i64, decimals: u32) {
    if number < 0 {
        out.push(b'-');
    }
    let unit = 10_u64.pow(decimals);
    let number = number.unsigned_abs();
    put_unsigned(out, number / unit);
    let (mut part, mut width) = (number % unit, decimals as usize);
    if part == 0 {
        return;
    }
    while part.is_multiple_of(10) {
        part /= 10;
        width -= 1;
    }
    out.push(b'.');
    put_padded(out, part, width);
}

/// Writes a number with zeros before it.
fn put_padded(out: &mut Vec<u8>, mut number: u64, width: usize) {
    let start = out.len();
    out.resize(start + width, b'0');
    for digit in out[start..].iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// The first and the last moment that four digits have a year for.
const FIRST_MS: i64 = -62_167_219_200_000;
const LAST_MS: i64 = 253_402_300_799_999;

/// Metres in centimetres, not less than they are.
pub(super) fn hundredths_up(metres: Metres) -> i64 {
    (metres.0 * 100.0).ceil() as i64
}

/// Writes a moment as RFC 3339 has it, in UTC with milliseconds. What lies outside of the years 0 to 9999 is the nearest in them.
pub(super) fn put_date_time(out: &mut Vec<u8>, moment: Timestamp) {
    let ms = moment.0.clamp(FIRST_MS, LAST_MS);
    let (year, month, day) = date(ms.div_euclid(DAY_MS));
    let in_day = ms.rem_euclid(DAY_MS) as u64;
    put_padded(out, year, 4);
    for (mark, number, width) in [
        (b'-', month, 2),
        (b'-', day, 2),
        (b'T', in_day / 3_600_000, 2),
        (b':', in_day / 60_000 % 60, 2),
        (b':', in_day / 1_000 % 60, 2),
        (b'.', in_day % 1_000, 3),
    ] {
        out.push(mark);
        put_padded(out, number, width);
    }
    out.push(b'Z');
}

/// A moment's year and month in UTC, as in `2026-11`; the nearest ones in the years 0 to 9999.
pub(crate) fn month(moment: Timestamp) -> String {
    let ms = moment.0.clamp(FIRST_MS, LAST_MS);
    let (year, month, _) = date(ms.div_euclid(DAY_MS));
    format!("{year:04}-{month:02}")
}

/// Year, month and day of so many days since 1970, from the year 0 on.
fn date(days: i64) -> (u64, u64, u64) {
    const DAYS_TO_1970: i64 = 719_468;
    const ERA_DAYS: i64 = 146_097;
    // Counted from the 1st of March 400 years before the year 0, so that a leap day is the last of its year; 400 years repeat.
    let days = (days + DAYS_TO_1970 + ERA_DAYS) as u64;
    let (era, in_era) = (days / ERA_DAYS as u64, days % ERA_DAYS as u64);
    let year_of_era = (in_era - in_era / 1_460 + in_era / 36_524 - in_era / 146_096) / 365;
    let in_year = in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // Months of 31, 30, 31, 30, 31 days again and again.
    let from_march = (5 * in_year + 2) / 153;
    let day = in_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2) - 400, month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(put: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        put(&mut out);
        String::from_utf8(out).expect("ASCII")
    }

    #[test]
    fn decimals_are_as_short_as_they_can_be() {
        for (number, decimals, expected) in [
            (0, 7, "0"),
            (373_908_490, 7, "37.390849"),
            (-1, 7, "-0.0000001"),
            (-1_800_000_000, 7, "-180"),
            (1_559_810_013_091, 3, "1559810013.091"),
            (-1, 3, "-0.001"),
            (1_010, 2, "10.1"),
        ] {
            assert_eq!(text(|out| put_decimal(out, number, decimals)), expected);
        }
        assert_eq!(text(|out| put_whole(out, i64::MIN)), i64::MIN.to_string());
        assert_eq!(text(|out| put_unsigned(out, u64::MAX)), u64::MAX.to_string());
    }

    proptest! {
        #[test]
        fn decimals_are_read_as_the_nearest_number(e7 in -1_800_000_000..=1_800_000_000i64) {
            let read: f64 = text(|out| put_decimal(out, e7, 7)).parse().expect("a number");
            prop_assert!((read - e7 as f64 / 1e7).abs() <= 0.0);
        }

        #[test]
        fn moments_are_as_a_calendar_has_them(ms in FIRST_MS..=LAST_MS - DAY_MS) {
            let ours = text(|out| put_date_time(out, Timestamp(ms)));
            let calendar = jiff::Timestamp::from_millisecond(ms).expect("in range");
            prop_assert_eq!(ours, format!("{calendar:.3}"));
        }
    }

    #[test]
    fn moments_beyond_the_calendar_are_its_ends() {
        assert_eq!(text(|out| put_date_time(out, Timestamp(i64::MIN))), "0000-01-01T00:00:00.000Z");
        assert_eq!(text(|out| put_date_time(out, Timestamp(i64::MAX))), "9999-12-31T23:59:59.999Z");
    }
}
