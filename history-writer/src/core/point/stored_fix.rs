use std::fmt;
use std::ops::RangeInclusive;

use model::{Fix, Position, limits};

/// What a phone said, in whole numbers: degrees of position in 1e-7 (11 mm at most), everything else in hundredths of the
/// unit in which phones tell it. What was told with no more digits than that comes back equal; a finer value is rounded.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct StoredFix {
    /// Degrees north, 1e-7.
    pub latitude_e7: i32,
    /// Degrees east, 1e-7.
    pub longitude_e7: i32,
    /// Radius within which the phone believed itself to be, centimetres.
    pub accuracy_cm: Option<u32>,
    /// Above the ellipsoid, centimetres.
    pub altitude_cm: Option<i32>,
    /// Over ground, centimetres per second.
    pub speed_cmps: Option<u16>,
    /// Clockwise from true north, hundredths of a degree.
    pub heading_cdeg: Option<u16>,
    /// Charge, hundredths of a percent.
    pub battery_cpercent: Option<u16>,
}

/// One degree in the unit of positions.
pub(crate) const DEGREE_E7: f64 = 1e7;
/// The unit in which a phone tells a value, in ours.
const HUNDREDTHS: f64 = 100.0;
const LATITUDE_E7: RangeInclusive<i32> = -900_000_000..=900_000_000;
const LONGITUDE_E7: RangeInclusive<i32> = -1_800_000_000..=1_800_000_000;

const fn hundredths(range: &RangeInclusive<f64>) -> RangeInclusive<i32> {
    (*range.start() * HUNDREDTHS) as i32..=(*range.end() * HUNDREDTHS) as i32
}

impl StoredFix {
    /// How many values beside the position it has.
    pub(crate) const VALUES: usize = 5;

    /// The ranges of [`Self::values`], in their order.
    const RANGES: [RangeInclusive<f64>; Self::VALUES] = [
        limits::ACCURACY_M,
        limits::ALTITUDE_M,
        limits::SPEED_MPS,
        limits::HEADING_DEG,
        limits::BATTERY_PERCENT,
    ];

    /// The same in hundredths.
    const HUNDREDTHS_RANGES: [RangeInclusive<i32>; Self::VALUES] = [
        hundredths(&Self::RANGES[0]),
        hundredths(&Self::RANGES[1]),
        hundredths(&Self::RANGES[2]),
        hundredths(&Self::RANGES[3]),
        hundredths(&Self::RANGES[4]),
    ];

    /// Where, and the values beside it in the order of the fields, hundredths; `None` if one of them is out of its range.
    pub(crate) fn from_values(
        (latitude_e7, longitude_e7): (i32, i32),
        values: [Option<i32>; Self::VALUES],
    ) -> Option<Self> {
        let lies_on_earth =
            LATITUDE_E7.contains(&latitude_e7) && LONGITUDE_E7.contains(&longitude_e7);
        let fits = |(value, range): (&Option<i32>, &RangeInclusive<i32>)| {
            value.is_none_or(|value| range.contains(&value))
        };
        if !lies_on_earth || !values.iter().zip(&Self::HUNDREDTHS_RANGES).all(fits) {
            return None;
        }
        let [accuracy, altitude_cm, speed, heading, battery] = values;
        // The ranges are within those of the types.
        Some(Self {
            latitude_e7,
            longitude_e7,
            accuracy_cm: accuracy.map(|value| value as u32),
            altitude_cm,
            speed_cmps: speed.map(|value| value as u16),
            heading_cdeg: heading.map(|value| value as u16),
            battery_cpercent: battery.map(|value| value as u16),
        })
    }

    /// The values beside the position, in the order of the fields.
    pub(crate) fn values(&self) -> [Option<i32>; Self::VALUES] {
        [
            self.accuracy_cm.map(|value| value as i32),
            self.altitude_cm,
            self.speed_cmps.map(i32::from),
            self.heading_cdeg.map(i32::from),
            self.battery_cpercent.map(i32::from),
        ]
    }

    /// Where. A position beyond the ends of the Earth, which none of this crate's functions makes, is put on them.
    pub fn position(&self) -> Position {
        let latitude = f64::from(self.latitude_e7) / DEGREE_E7;
        let longitude = f64::from(self.longitude_e7) / DEGREE_E7;
        Position::new(latitude.clamp(-90.0, 90.0), longitude.clamp(-180.0, 180.0))
            .expect("clamped to what lies on Earth")
    }

    /// What the phone said, as far as it is kept.
    pub fn fix(&self) -> Fix {
        let [accuracy_m, altitude_m, speed_mps, heading_deg, battery_percent] =
            self.values().map(|value| value.map(|value| f64::from(value) / HUNDREDTHS));
        Fix {
            position: self.position(),
            accuracy_m,
            altitude_m,
            speed_mps,
            heading_deg,
            battery_percent,
        }
    }
}

impl From<&Fix> for StoredFix {
    /// Rounds. A value out of its range (`model::limits`) is left out.
    fn from(fix: &Fix) -> Self {
        let degrees = |degrees: f64| (degrees * DEGREE_E7).round() as i32;
        let told =
            [fix.accuracy_m, fix.altitude_m, fix.speed_mps, fix.heading_deg, fix.battery_percent];
        let mut values = [None; Self::VALUES];
        for ((value, told), range) in values.iter_mut().zip(told).zip(&Self::RANGES) {
            let fitting = told.filter(|told| range.contains(told));
            *value = fitting.map(|told| (told * HUNDREDTHS).round() as i32);
        }
        let position = (degrees(fix.position.latitude()), degrees(fix.position.longitude()));
        Self::from_values(position, values).expect("all are in their ranges")
    }
}

/// Says nothing of where: positions must not reach logs.
impl fmt::Debug for StoredFix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoredFix(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rounded(fix: &Fix) -> Fix {
        StoredFix::from(fix).fix()
    }

    fn hundredths(range: RangeInclusive<f64>) -> impl Strategy<Value = Option<f64>> {
        let whole = (range.start() * 100.0) as i32..=(range.end() * 100.0) as i32;
        prop::option::of(whole.prop_map(|value| f64::from(value) / 100.0))
    }

    proptest! {
        #[test]
        fn what_has_no_more_digits_comes_back_equal(
            latitude in LATITUDE_E7, longitude in LONGITUDE_E7,
            accuracy_m in hundredths(limits::ACCURACY_M), altitude_m in hundredths(limits::ALTITUDE_M),
            speed_mps in hundredths(limits::SPEED_MPS), heading_deg in hundredths(limits::HEADING_DEG),
            battery_percent in hundredths(limits::BATTERY_PERCENT),
        ) {
            // As it would be read from text: the number that is nearest to these digits.
            let read = |e7: i32| format!("{e7}e-7").parse::<f64>().expect("a number");
            let position = Position::new(read(latitude), read(longitude)).expect("on Earth");
            let fix = Fix { position, accuracy_m, altitude_m, speed_mps, heading_deg, battery_percent };
            prop_assert_eq!(rounded(&fix), fix);
        }

        #[test]
        fn what_has_more_is_off_by_half_a_unit_at_most(
            latitude in -90.0..=90.0f64, longitude in -180.0..=180.0f64, speed in limits::SPEED_MPS,
        ) {
            let position = Position::new(latitude, longitude).expect("on Earth");
            let fix = Fix { speed_mps: Some(speed), ..Fix::at(position) };
            let back = rounded(&fix);
            prop_assert!((back.position.latitude() - latitude).abs() < 0.51e-7);
            prop_assert!((back.position.longitude() - longitude).abs() < 0.51e-7);
            prop_assert!((back.speed_mps.expect("told") - speed).abs() < 0.0051);
            prop_assert_eq!(rounded(&back), back, "rounding again changes nothing");
        }
    }

    #[test]
    fn what_cannot_be_is_left_out() {
        let here = Fix::at(Position::new(-90.0, 180.0).expect("on Earth"));
        let odd = Fix {
            accuracy_m: Some(f64::NAN),
            altitude_m: Some(1e9),
            speed_mps: Some(-1.0),
            heading_deg: Some(360.01),
            battery_percent: Some(f64::INFINITY),
            ..here
        };
        assert_eq!(rounded(&odd), here);
        assert_eq!(StoredFix::from_values((900_000_001, 0), [None; 5]), None);
        assert_eq!(StoredFix::from_values((0, 0), [None, None, Some(36_001), None, None]), None);
    }

    #[test]
    fn debug_output_hides_the_coordinates() {
        let fix = Fix::at(Position::new(36.12, -115.17).expect("on Earth"));
        let shown = format!("{:?}", StoredFix::from(&fix));
        assert!(!shown.contains("36") && !shown.contains("115"), "{shown}");
    }
}
