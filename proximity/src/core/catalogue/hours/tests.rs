use super::*;

const MONDAY: u8 = 1;
const FRIDAY: u8 = 5;
const SATURDAY: u8 = 6;
const SUNDAY: u8 = 7;

fn hours(zone: &str, intervals: &[(u8, &str, &str)]) -> OpeningHours {
    let parsed = intervals.iter().map(|(day, opens, closes)| Interval::parse(*day, opens, closes));
    OpeningHours::new(zone, parsed.collect::<Result<_, _>>().expect("times")).expect("hours")
}

fn at(utc: &str) -> Timestamp {
    Timestamp(utc.parse::<Instant>().expect(utc).as_millisecond())
}

#[track_caller]
fn expect(hours: &OpeningHours, moments: &[(&str, bool)]) {
    for (moment, open) in moments {
        assert_eq!(hours.is_open_at(at(moment)), *open, "{moment}");
    }
}

#[test]
fn it_is_open_from_the_first_minute_and_not_at_the_last() {
    let day = hours("America/Los_Angeles", &[(MONDAY, "09:00", "17:00")]);
    expect(
        &day,
        &[
            ("2026-01-05T16:59:59.999Z", false),
            ("2026-01-05T17:00:00Z", true),
            ("2026-01-06T00:59:59.999Z", true),
            ("2026-01-06T01:00:00Z", false),
            ("2026-01-06T18:00:00Z", false),
        ],
    );
}

#[test]
fn an_evening_goes_on_after_midnight_also_from_sunday_to_monday() {
    let bar = hours("Europe/Lisbon", &[(SUNDAY, "18:00", "02:00")]);
    expect(
        &bar,
        &[
            ("2026-01-04T17:59:00Z", false),
            ("2026-01-04T23:59:59Z", true),
            ("2026-01-05T01:59:59Z", true),
            ("2026-01-05T02:00:00Z", false),
            // In summer an hour earlier by the sun.
            ("2026-07-06T00:59:59Z", true),
            ("2026-07-06T01:00:00Z", false),
        ],
    );
}

#[test]
fn a_night_of_clocks_set_back_is_an_hour_longer() {
    // New York, 2026-11-01: 02:00 EDT becomes 01:00 EST, 06:00Z.
    let club = hours("America/New_York", &[(SATURDAY, "22:00", "03:00")]);
    expect(&club, &[("2026-11-01T07:59:59Z", true), ("2026-11-01T08:00:00Z", false)]);
    // 01:30 comes twice: the first ends it, and it doesn't open again.
    let bar = hours("America/New_York", &[(SATURDAY, "22:00", "01:30")]);
    expect(
        &bar,
        &[
            ("2026-11-01T05:29:59Z", true),
            ("2026-11-01T05:30:00Z", false),
            ("2026-11-01T06:15:00Z", false),
        ],
    );
}

#[test]
fn a_night_of_clocks_set_forward_is_an_hour_shorter() {
    // New York, 2026-03-08: 02:00 EST becomes 03:00 EDT, 07:00Z.
    let club = hours("America/New_York", &[(SATURDAY, "22:00", "04:00")]);
    expect(&club, &[("2026-03-08T07:59:59Z", true), ("2026-03-08T08:00:00Z", false)]);
    // There is no 02:30: what ends then ends an hour after 01:30.
    let bar = hours("America/New_York", &[(SATURDAY, "22:00", "02:30")]);
    expect(&bar, &[("2026-03-08T07:29:59Z", true), ("2026-03-08T07:30:00Z", false)]);
    // And what opens in the hour that isn't there opens an hour later.
    let early = hours("America/New_York", &[(SUNDAY, "02:30", "03:45")]);
    expect(
        &early,
        &[
            ("2026-03-08T06:59:00Z", false),
            ("2026-03-08T07:30:00Z", true),
            ("2026-03-08T07:45:00Z", false),
        ],
    );
}

#[test]
fn days_on_end_are_open_through_midnight() {
    let week: Vec<_> = (1..=7).map(|day| (day, "00:00", "24:00")).collect();
    let always = hours("Asia/Kathmandu", &week);
    for hour in 0..400 {
        assert!(always.is_open_at(at("2026-03-01T00:00:00Z").plus_ms(hour * 3_600_000)));
    }
    assert!(!hours("Asia/Kathmandu", &[]).is_open_at(at("2026-03-01T00:00:00Z")));
}

#[test]
fn a_week_without_intervals_is_closed_throughout() {
    assert!(!hours("UTC", &[]).is_open_at(Timestamp(0)));
    assert!(hours("UTC", &[(4, "00:00", "00:01")]).is_open_at(Timestamp(0)));
}

#[test]
fn any_moment_can_be_asked_for() {
    let hours = hours("Pacific/Apia", &[(FRIDAY, "09:00", "18:00")]);
    for ms in [i64::MIN, -62_135_596_800_000, 0, 253_402_207_200_000, i64::MAX] {
        hours.is_open_at(Timestamp(ms));
    }
}

#[test]
fn impossible_hours_are_refused_with_their_reason() {
    for (day, opens, closes, fault) in [
        (0, "09:00", "17:00", HoursError::Day),
        (8, "09:00", "17:00", HoursError::Day),
        (1, "09:00", "09:00", HoursError::Time),
        (1, "24:00", "09:00", HoursError::Time),
        (1, "09:60", "17:00", HoursError::Time),
        (1, "9:00", "17:00", HoursError::Time),
        (1, "09:00", "24:01", HoursError::Time),
        (1, "+9:00", "17:00", HoursError::Time),
    ] {
        assert_eq!(Interval::parse(day, opens, closes), Err(fault), "{day} {opens} {closes}");
    }
    for zone in ["", "Mars/Olympus", "America/Los_Angeles\0", "+02:00", "Etc/Unknown"] {
        assert_eq!(OpeningHours::new(zone, vec![]), Err(HoursError::Zone), "{zone:?}");
    }
    let one = Interval { day: 1, opens_min: 0, closes_min: 1 };
    let many = vec![one; INTERVALS_MAX + 1];
    assert_eq!(OpeningHours::new("UTC", many), Err(HoursError::TooMany));
    let outside = vec![Interval { closes_min: 1_441, ..one }];
    assert_eq!(OpeningHours::new("UTC", outside), Err(HoursError::Time));
}

#[test]
fn a_line_comes_back_as_the_hours_that_wrote_it() {
    let some =
        hours("America/Argentina/Buenos_Aires", &[(7, "18:00", "02:00"), (1, "00:00", "00:00")]);
    assert_eq!(some.to_line(), "America/Argentina/Buenos_Aires 1,0,1440 7,1080,120");
    for hours in [some, hours("UTC", &[])] {
        assert_eq!(OpeningHours::from_line(&hours.to_line()), Some(hours));
    }
    for damaged in ["", "UTC 1", "UTC 1,2", "UTC 9,0,1", "UTC 1,0,1,2", "UTC  1,0,1"] {
        assert_eq!(OpeningHours::from_line(damaged), None, "{damaged}");
    }
}
