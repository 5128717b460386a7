use std::sync::Arc;

use jiff::Timestamp as Instant;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use model::Timestamp;

use crate::core::limits::CRON_CHARS_MAX;
use crate::core::season::cron::{CronError, Minutes};

/// Days that are looked through for the next moment: from one 29 February to the next there are eight years at most.
const DAYS_MAX: usize = 8 * 366;

/// Moments by the clocks of a place: a cron expression in a time zone. Where clocks are set forward, a time that they leave out
/// is the moment at which they are set; where they are set back, a time that comes twice is the first of them. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    expression: Arc<str>,
    minutes: Minutes,
    zone: TimeZone,
}

/// Why there is no such calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// No expression.
    #[error("cron {0}")]
    Cron(CronError),
    /// Too long.
    #[error("cron has more than {CRON_CHARS_MAX} characters")]
    TooLong,
    /// No time zone of the IANA database.
    #[error("time_zone is not one of the IANA database")]
    Zone,
    /// There is no such day within eight years.
    #[error("cron means no day of the next eight years")]
    Never,
}

impl Calendar {
    /// The moments of this expression by the clocks of this zone, an IANA name.
    pub fn parse(expression: &str, zone: &str) -> Result<Self, CalendarError> {
        if expression.len() > CRON_CHARS_MAX {
            return Err(CalendarError::TooLong);
        }
        let minutes = Minutes::parse(expression).map_err(CalendarError::Cron)?;
        // A few names stand for something else than a place; those have no IANA name.
        let zone = TimeZone::get(zone).map_err(|_| CalendarError::Zone)?;
        if zone.iana_name().is_none() || zone.is_unknown() {
            return Err(CalendarError::Zone);
        }
        Ok(Self { expression: Arc::from(expression), minutes, zone })
    }

    /// The expression, as it was given.
    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// The IANA name of the time zone.
    pub fn zone(&self) -> &str {
        self.zone.iana_name().unwrap_or_default()
    }

    /// The first moment after this one; `None` if there is none within eight years.
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        let after = Instant::from_millisecond(after.0).ok()?;
        let mut date = self.zone.to_datetime(after).date();
        for _ in 0..DAYS_MAX {
            if self.minutes.has_day(date) {
                let instants = self
                    .minutes
                    .of_day()
                    .map(|(hour, minute)| self.instant(date.at(hour, minute, 0, 0)));
                if let Some(next) = instants.flatten().find(|instant| *instant > after) {
                    return Some(Timestamp(next.as_millisecond()));
                }
            }
            date = date.tomorrow().ok()?;
        }
        None
    }

    /// The last moment after `after` that isn't after `until`.
    pub fn latest(&self, after: Timestamp, until: Timestamp) -> Option<Timestamp> {
        let next = |from: i64| self.next_after(Timestamp(from)).filter(|next| *next <= until);
        let mut latest = next(after.0)?;
        let (mut low, mut high) = (latest.0, until.0);
        while low < high {
            let middle = low + (high - low) / 2;
            match next(middle) {
                Some(found) => {
                    latest = found;
                    low = found.0;
                }
                None => high = middle,
            }
        }
        Some(latest)
    }

    /// When clocks show this for the first time, or are set over it.
    fn instant(&self, time: DateTime) -> Option<Instant> {
        let shown = self.zone.to_ambiguous_timestamp(time);
        match shown.offset() {
            AmbiguousOffset::Gap { after, .. } => {
                let before = after.to_timestamp(time).ok()?;
                self.zone.following(before).next().map(|transition| transition.timestamp())
            }
            AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => {
                shown.compatible().ok()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp(text.parse::<Instant>().expect("a moment").as_millisecond())
    }

    fn following(expression: &str, zone: &str, after: &str, count: usize) -> Vec<Timestamp> {
        let calendar = Calendar::parse(expression, zone).expect("a calendar");
        let next = |last: &Timestamp| calendar.next_after(*last);
        std::iter::successors(Some(at(after)), next).skip(1).take(count).collect()
    }

    fn moments<const N: usize>(texts: [&str; N]) -> Vec<Timestamp> {
        texts.map(at).into()
    }

    #[test]
    fn a_moment_is_not_after_itself() {
        let weekly = "0 0 * * mon";
        let midnights = moments(["2026-11-23T00:00:00Z", "2026-11-30T00:00:00Z"]);
        assert_eq!(following(weekly, "UTC", "2026-11-22T23:59:59.999Z", 2), midnights);
        assert_eq!(following(weekly, "UTC", "2026-11-23T00:00:00Z", 1), midnights[1..]);
        assert_eq!(following(weekly, "UTC", "2026-11-23T00:00:00.001Z", 1), midnights[1..]);
    }

    #[test]
    fn clocks_of_the_place_say_when() {
        assert_eq!(
            following("30 9 * * *", "Asia/Kolkata", "2026-11-27T00:00:00Z", 2),
            moments(["2026-11-27T04:00:00Z", "2026-11-28T04:00:00Z"])
        );
        assert_eq!(
            following("0 0 1 * *", "America/New_York", "2026-10-15T00:00:00Z", 3),
            moments(["2026-11-01T04:00:00Z", "2026-12-01T05:00:00Z", "2027-01-01T05:00:00Z"])
        );
        assert_eq!(
            following("0 0 29 2 *", "UTC", "2096-03-01T00:00:00Z", 1),
            moments(["2104-02-29T00:00:00Z"])
        );
    }

    /// In Berlin clocks go from 02:00 to 03:00 on 29 March 2026, at 01:00 UTC.
    #[test]
    fn a_time_that_clocks_leave_out_is_when_they_are_set() {
        let berlin = |expression, count| {
            following(expression, "Europe/Berlin", "2026-03-28T12:00:00Z", count)
        };
        assert_eq!(
            berlin("30 2 * * *", 2),
            moments(["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"])
        );
        assert_eq!(berlin("0 2 * * *", 1), moments(["2026-03-29T01:00:00Z"]));
        // All that are left out, and the one that is shown, are one moment.
        assert_eq!(
            berlin("0,20,40 1-3 29 3 *", 6),
            moments([
                "2026-03-29T00:00:00Z",
                "2026-03-29T00:20:00Z",
                "2026-03-29T00:40:00Z",
                "2026-03-29T01:00:00Z",
                "2026-03-29T01:20:00Z",
                "2026-03-29T01:40:00Z",
            ])
        );
        // Samoa had no 30 December 2011 at all.
        assert_eq!(
            following("0 12 30 12 *", "Pacific/Apia", "2011-12-01T00:00:00Z", 2),
            moments(["2011-12-30T10:00:00Z", "2012-12-29T22:00:00Z"])
        );
    }

    /// In Berlin clocks go from 03:00 to 02:00 on 25 October 2026, at 01:00 UTC.
    #[test]
    fn a_time_that_comes_twice_is_the_first_one() {
        let berlin =
            |expression, after, count| following(expression, "Europe/Berlin", after, count);
        let both = moments(["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
        assert_eq!(berlin("30 2 * * *", "2026-10-24T12:00:00Z", 2), both);
        assert_eq!(berlin("30 2 * * *", "2026-10-25T01:10:00Z", 1), both[1..], "not the second");
        assert_eq!(
            berlin("0 * * * *", "2026-10-24T23:30:00Z", 3),
            moments(["2026-10-25T00:00:00Z", "2026-10-25T02:00:00Z", "2026-10-25T03:00:00Z"])
        );
    }

    #[test]
    fn the_latest_moment_until_now_is_found_however_many_there_were() {
        let calendar = |expression| Calendar::parse(expression, "UTC").expect("a calendar");
        let latest = |expression, after, until| calendar(expression).latest(at(after), at(until));
        let year_ago = "2025-11-27T00:00:00Z";
        let now = "2026-11-27T10:17:30Z";
        assert_eq!(latest("* * * * *", year_ago, now), Some(at("2026-11-27T10:17:00Z")));
        assert_eq!(latest("0 0 * * mon", year_ago, now), Some(at("2026-11-23T00:00:00Z")));
        assert_eq!(latest("0 0 29 2 *", year_ago, now), None);
        let edge = "2026-11-23T00:00:00Z";
        assert_eq!(latest("0 0 * * mon", year_ago, edge), Some(at(edge)));
        assert_eq!(latest("0 0 * * mon", edge, "2026-11-29T23:59:59.999Z"), None);
        assert_eq!(
            latest("0 0 * * mon", edge, "2026-11-30T00:00:00Z"),
            Some(at("2026-11-30T00:00:00Z"))
        );
    }

    #[test]
    fn what_is_no_calendar_is_refused() {
        let refused = |expression, zone| Calendar::parse(expression, zone).expect_err("refused");
        for zone in ["", "Mars/Olympus", "+01:00", "Etc/Unknown"] {
            assert_eq!(refused("0 0 * * *", zone), CalendarError::Zone, "{zone}");
        }
        let long = format!("{} * * * *", vec!["1"; CRON_CHARS_MAX].join(","));
        assert_eq!(refused(&long, "UTC"), CalendarError::TooLong);
        assert_eq!(refused("* * * *", "UTC"), CalendarError::Cron(CronError::Fields));
        assert_eq!(following("0 0 31 2 *", "UTC", "2026-01-01T00:00:00Z", 1), []);
    }
}
