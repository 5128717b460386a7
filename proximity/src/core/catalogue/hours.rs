use std::fmt::Write;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp as Instant};
use model::Timestamp;

use crate::core::limits::INTERVALS_MAX;

const DAY_MIN: u16 = 24 * 60;

/// When a business is open in every week, by the clocks of its place. Without intervals: never.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpeningHours {
    zone: TimeZone,
    intervals: Vec<Interval>,
}

/// A time of every week. It may end after midnight, on the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Interval {
    /// The day on which it begins, 1 (Monday) … 7 (Sunday).
    pub day: u8,
    /// Local time at which it begins, minutes after midnight, 0 … 1,439.
    pub opens_min: u16,
    /// Local time at which it ends, minutes after midnight, 1 … 1,440; if not after `opens_min`, on the next day.
    pub closes_min: u16,
}

/// Why hours can't be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HoursError {
    /// No time zone of the IANA database.
    #[error("time zone is not one of the IANA database")]
    Zone,
    /// A day that isn't 1 … 7.
    #[error("day must be from 1 (Monday) to 7 (Sunday)")]
    Day,
    /// A time that isn't `HH:MM` from 00:00 to 24:00.
    #[error("opens must be from 00:00 to 23:59, closes from 00:00 to 24:00, and not the same")]
    Time,
    /// More intervals than [`INTERVALS_MAX`].
    #[error("more than {INTERVALS_MAX} intervals a week")]
    TooMany,
}

impl Interval {
    /// Reads times as `HH:MM`. Midnight ends a day as `24:00` or, the next day's, as `00:00`.
    pub fn parse(day: u8, opens: &str, closes: &str) -> Result<Self, HoursError> {
        let closes_min = match minutes(closes)? {
            0 => DAY_MIN,
            min => min,
        };
        Self::new(day, minutes(opens)?, closes_min)
    }

    fn new(day: u8, opens_min: u16, closes_min: u16) -> Result<Self, HoursError> {
        if !(1..=7).contains(&day) {
            return Err(HoursError::Day);
        }
        let times = opens_min < DAY_MIN && (1..=DAY_MIN).contains(&closes_min);
        if !times || opens_min == closes_min {
            return Err(HoursError::Time);
        }
        Ok(Self { day, opens_min, closes_min })
    }

    /// When it begins and ends if it begins on `date`. Where clocks are set forward over one of them, it moves along;
    /// where an hour is repeated, the first is meant.
    fn on(self, date: Date, zone: &TimeZone) -> Option<(Instant, Instant)> {
        let next_day = u16::from(self.closes_min <= self.opens_min) * DAY_MIN;
        let at = |min: u16| {
            let days = date.checked_add(Span::new().days(min / DAY_MIN)).ok()?;
            let minute = min % DAY_MIN;
            let time = days.at((minute / 60) as i8, (minute % 60) as i8, 0, 0);
            zone.to_ambiguous_timestamp(time).compatible().ok()
        };
        Some((at(self.opens_min)?, at(self.closes_min + next_day)?))
    }
}

/// Reads `HH:MM`, 00:00 … 24:00.
fn minutes(text: &str) -> Result<u16, HoursError> {
    let [h1, h2, b':', m1, m2] = *text.as_bytes() else { return Err(HoursError::Time) };
    if ![h1, h2, m1, m2].iter().all(u8::is_ascii_digit) {
        return Err(HoursError::Time);
    }
    let digit = |byte: u8| u16::from(byte - b'0');
    let (hours, minutes) = (digit(h1) * 10 + digit(h2), digit(m1) * 10 + digit(m2));
    let all = hours * 60 + minutes;
    if minutes < 60 && all <= DAY_MIN { Ok(all) } else { Err(HoursError::Time) }
}

impl OpeningHours {
    /// Hours in the time zone of that IANA name; the intervals are put in order, and each kept once.
    pub fn new(zone: &str, mut intervals: Vec<Interval>) -> Result<Self, HoursError> {
        // A few names stand for something else than a place; those have no IANA name.
        let zone = TimeZone::get(zone).map_err(|_| HoursError::Zone)?;
        if zone.iana_name().is_none() || zone.is_unknown() {
            return Err(HoursError::Zone);
        }
        if intervals.len() > INTERVALS_MAX {
            return Err(HoursError::TooMany);
        }
        for Interval { day, opens_min, closes_min } in &intervals {
            Interval::new(*day, *opens_min, *closes_min)?;
        }
        intervals.sort_unstable();
        intervals.dedup();
        Ok(Self { zone, intervals })
    }

    /// The IANA name of the time zone.
    pub fn zone(&self) -> &str {
        self.zone.iana_name().unwrap_or_default()
    }

    /// The intervals of a week, in order of their beginnings.
    pub fn intervals(&self) -> &[Interval] {
        &self.intervals
    }

    /// Whether it is open then; at the moment of closing it isn't any more.
    pub fn is_open_at(&self, at: Timestamp) -> bool {
        let Ok(instant) = Instant::from_millisecond(at.0) else { return false };
        let today = self.zone.to_datetime(instant).date();
        // No interval is longer than a day.
        [today.yesterday().ok(), Some(today)].into_iter().flatten().any(|date| {
            let day = date.weekday().to_monday_one_offset() as u8;
            self.intervals
                .iter()
                .filter(|interval| interval.day == day)
                .filter_map(|interval| interval.on(date, &self.zone))
                .any(|(opens, closes)| opens <= instant && instant < closes)
        })
    }

    /// As one short line, for a store: `America/Los_Angeles 1,540,1020 2,540,1020`.
    pub fn to_line(&self) -> String {
        let mut line = self.zone().to_owned();
        for Interval { day, opens_min, closes_min } in &self.intervals {
            write!(line, " {day},{opens_min},{closes_min}").expect("text takes everything");
        }
        line
    }

    /// Reads what [`to_line`](Self::to_line) wrote; `None` for anything else.
    pub fn from_line(line: &str) -> Option<Self> {
        let (zone, intervals) = line.split_once(' ').unwrap_or((line, ""));
        let intervals = intervals.split_terminator(' ').map(|text| {
            let mut numbers = text.splitn(3, ',');
            let mut next = || numbers.next();
            let (day, opens, closes) = (next()?, next()?, next()?);
            Interval::new(day.parse().ok()?, opens.parse().ok()?, closes.parse().ok()?).ok()
        });
        Self::new(zone, intervals.collect::<Option<_>>()?).ok()
    }
}

#[cfg(test)]
mod tests;
