//! Cron expressions: which minutes of the calendar they mean, whatever the time zone.

use jiff::civil::Date;

/// A field of an expression: its name, its lowest and highest number, and names for these from the lowest on.
struct Field {
    name: &'static str,
    min: u8,
    max: u8,
    names: &'static [&'static str],
}

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const FIELDS: [Field; 5] = [
    Field { name: "minute", min: 0, max: 59, names: &[] },
    Field { name: "hour", min: 0, max: 23, names: &[] },
    Field { name: "day of the month", min: 1, max: 31, names: &[] },
    Field { name: "month", min: 1, max: 12, names: &MONTHS },
    // Sunday is 0 and 7.
    Field { name: "day of the week", min: 0, max: 7, names: &WEEKDAYS },
];

/// Why a text is no cron expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CronError {
    /// Not five fields.
    #[error("must have five fields: minute, hour, day of the month, month, day of the week")]
    Fields,
    /// A field that can't be.
    #[error(
        "{name} must be *, numbers from {min} to {max}, ranges of them (1-5) or steps (*/2, 1-9/2), separated by commas"
    )]
    Field {
        /// Which.
        name: &'static str,
        /// The lowest number.
        min: u8,
        /// The highest.
        max: u8,
    },
}

/// The minutes that an expression means, a bit for each number of each field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Minutes {
    of_hour: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
    /// A day need only be one of `days` or of `weekdays`: both are restricted (POSIX).
    is_either: bool,
}

impl Minutes {
    /// Reads five fields.
    pub(super) fn parse(expression: &str) -> Result<Self, CronError> {
        let texts: Vec<&str> = expression.split_ascii_whitespace().collect();
        let [minute, hour, day, month, weekday] = texts[..] else { return Err(CronError::Fields) };
        let bits = |text, n: usize| FIELDS[n].bits(text);
        let weekdays = bits(weekday, 4)?;
        Ok(Self {
            of_hour: bits(minute, 0)?,
            hours: bits(hour, 1)?,
            days: bits(day, 2)?,
            months: bits(month, 3)?,
            weekdays: (weekdays | weekdays >> 7) & 0x7f,
            is_either: !day.starts_with('*') && !weekday.starts_with('*'),
        })
    }

    /// Whether any are on this day.
    pub(super) fn has_day(self, date: Date) -> bool {
        let has = |bits: u64, number: i8| bits >> number & 1 == 1;
        let day = has(self.days, date.day());
        let weekday = has(self.weekdays, date.weekday().to_sunday_zero_offset());
        let is_day = if self.is_either { day || weekday } else { day && weekday };
        is_day && has(self.months, date.month())
    }

    /// The hours and minutes of a day that has any, ascending.
    pub(super) fn of_day(self) -> impl Iterator<Item = (i8, i8)> {
        numbers(self.hours, 24)
            .flat_map(move |hour| numbers(self.of_hour, 60).map(move |minute| (hour, minute)))
    }
}

/// The bits that are set, of the first `count`.
fn numbers(bits: u64, count: i8) -> impl Iterator<Item = i8> {
    (0..count).filter(move |number| bits >> number & 1 == 1)
}

impl Field {
    fn bits(&self, text: &str) -> Result<u64, CronError> {
        let mut parts = text.split(',').map(|part| self.part(part));
        let bits = parts.try_fold(0, |all, part| Some(all | part?));
        let Self { name, min, max, .. } = *self;
        bits.ok_or(CronError::Field { name, min, max })
    }

    fn part(&self, part: &str) -> Option<u64> {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(digits(step).filter(|step| *step > 0)?)),
            None => (part, None),
        };
        let (first, last) = match range.split_once('-') {
            _ if range == "*" => (self.min, self.max),
            Some((first, last)) => (self.number(first)?, self.number(last)?),
            // A step needs a range to go through.
            None if step.is_some() => return None,
            None => (self.number(range)?, self.number(range)?),
        };
        let is_range = first <= last;
        let numbers = (first..=last).step_by(step.unwrap_or(1).into());
        is_range.then(|| numbers.fold(0, |bits, number| bits | 1 << number))
    }

    fn number(&self, text: &str) -> Option<u8> {
        let name = self.names.iter().position(|name| name.eq_ignore_ascii_case(text));
        let number = name.map(|at| at as u8 + self.min).or_else(|| digits(text))?;
        (self.min..=self.max).contains(&number).then_some(number)
    }
}

/// A number of one or two digits.
fn digits(text: &str) -> Option<u8> {
    let is_number = matches!(text.len(), 1 | 2) && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn minutes(expression: &str) -> Minutes {
        Minutes::parse(expression).expect("an expression")
    }

    #[test]
    fn fields_are_numbers_names_ranges_and_steps() {
        let of_day = |expression| minutes(expression).of_day().collect::<Vec<_>>();
        assert_eq!(of_day("5 4 * * *"), [(4, 5)]);
        assert_eq!(of_day("0,30 9-10 * * *"), [(9, 0), (9, 30), (10, 0), (10, 30)]);
        assert_eq!(of_day("*/20 23 * * *"), [(23, 0), (23, 20), (23, 40)]);
        assert_eq!(of_day("10-30/15 0 * * *"), [(0, 10), (0, 25)]);
        assert_eq!(of_day("* * * * *").len(), 24 * 60);
        let monday = date(2026, 11, 23);
        for (expression, is_monday) in [
            ("0 0 * * mon", true),
            ("0 0 * * 1-5", true),
            ("0 0 * * 7", false),
            ("0 0 * * Sun,MON", true),
            ("0 0 * nov *", true),
            ("0 0 * JAN-oct *", false),
            ("0 0 23 * *", true),
            ("0 0 24 * *", false),
        ] {
            assert_eq!(minutes(expression).has_day(monday), is_monday, "{expression}");
        }
        assert_eq!(minutes("0 0 * * 0"), minutes("0 0 * * 7"));
        assert!(minutes("0 0 * * 5-7").has_day(date(2026, 11, 29)), "a Sunday");
    }

    /// As cron does since ever: a day of the month or of the week, where both are said.
    #[test]
    fn a_day_is_of_the_month_or_of_the_week_if_both_are_restricted() {
        let friday_13 = date(2026, 11, 13);
        let (friday, other_13) = (date(2026, 11, 20), date(2026, 10, 13));
        let either = minutes("0 0 13 * fri");
        assert!([friday_13, friday, other_13].into_iter().all(|day| either.has_day(day)));
        assert!(!either.has_day(date(2026, 11, 21)));
        let both = minutes("0 0 */12 * fri");
        assert!(both.has_day(friday_13) && !both.has_day(friday) && !both.has_day(other_13));
    }

    #[test]
    fn what_is_no_expression_is_refused_by_its_field() {
        for expression in ["", "* * * *", "* * * * * *", "@daily"] {
            assert_eq!(Minutes::parse(expression), Err(CronError::Fields), "{expression}");
        }
        for (expression, field) in [
            ("60 * * * *", "minute"),
            ("-1 * * * *", "minute"),
            ("5/10 * * * *", "minute"),
            ("*/0 * * * *", "minute"),
            ("1, * * * *", "minute"),
            ("+1 * * * *", "minute"),
            ("1.5 * * * *", "minute"),
            ("* 24 * * *", "hour"),
            ("* 9-7 * * *", "hour"),
            ("* * 0 * *", "day of the month"),
            ("* * 32 * *", "day of the month"),
            ("* * L * *", "day of the month"),
            ("* * * 13 *", "month"),
            ("* * * mon *", "month"),
            ("* * * * 8", "day of the week"),
            ("* * * * fri-mon", "day of the week"),
        ] {
            let refused = Minutes::parse(expression);
            let is_named = matches!(refused, Err(CronError::Field { name, .. }) if name == field);
            assert!(is_named, "{expression}: {refused:?}");
        }
    }
}
