use std::ops::RangeInclusive;

use crate::{DeviceId, Position, Timestamp};

/// The ranges of what a phone may tell, in the unit that the name ends with.
pub mod limits {
    use std::ops::RangeInclusive;

    /// Beyond 100 km a fix says nothing; phones' own worst is some 65 km.
    pub const ACCURACY_M: RangeInclusive<f64> = 0.0..=100_000.0;
    /// From below the deepest trench to the edge of space.
    pub const ALTITUDE_M: RangeInclusive<f64> = -12_000.0..=100_000.0;
    /// An airliner with the jet stream behind it makes 358 m/s over ground.
    pub const SPEED_MPS: RangeInclusive<f64> = 0.0..=360.0;
    /// A full turn, both ends included.
    pub const HEADING_DEG: RangeInclusive<f64> = 0.0..=360.0;
    /// A full battery is 100.
    pub const BATTERY_PERCENT: RangeInclusive<f64> = 0.0..=100.0;
    /// The greatest integer that every JSON reader keeps exactly.
    pub const SEQ_MAX: u64 = 1 << 53;
}

/// What a phone says of itself at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fix {
    /// Where.
    pub position: Position,
    /// Radius within which the phone believes itself to be, metres.
    pub accuracy_m: Option<f64>,
    /// Above the ellipsoid, metres.
    pub altitude_m: Option<f64>,
    /// Over ground, metres per second.
    pub speed_mps: Option<f64>,
    /// Clockwise from true north, degrees.
    pub heading_deg: Option<f64>,
    /// Charge, percent.
    pub battery_percent: Option<f64>,
}

/// A value of a fix is out of its range.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{name} must be from {} to {}", .range.start(), .range.end())]
pub struct FixError {
    /// Which one, as on the wire.
    pub name: &'static str,
    range: RangeInclusive<f64>,
}

impl Fix {
    /// A fix of which only the position is known.
    pub fn at(position: Position) -> Self {
        Self {
            position,
            accuracy_m: None,
            altitude_m: None,
            speed_mps: None,
            heading_deg: None,
            battery_percent: None,
        }
    }

    /// Checks the ranges of [`limits`].
    pub fn checked(self) -> Result<Self, FixError> {
        let all = [
            ("accuracy_m", self.accuracy_m, limits::ACCURACY_M),
            ("altitude_m", self.altitude_m, limits::ALTITUDE_M),
            ("speed_mps", self.speed_mps, limits::SPEED_MPS),
            ("heading_deg", self.heading_deg, limits::HEADING_DEG),
            ("battery_percent", self.battery_percent, limits::BATTERY_PERCENT),
        ];
        for (name, value, range) in all {
            if value.is_some_and(|v| !range.contains(&v)) {
                return Err(FixError { name, range });
            }
        }
        Ok(self)
    }
}

/// The order of a user's fixes, the same on every path: cache, channel, snapshot, outbox. Greatest wins.
///
/// The fields are compared in the order in which they stand here.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// Effective time of the fix: the device's clock where it is believable, else the time of receipt.
    pub effective: Timestamp,
    /// Decides between devices that speak of the same millisecond.
    pub device: DeviceId,
    /// Grows with every fix of a device.
    pub seq: u64,
}

impl Version {
    /// A name for this version that tells viewers nothing but whether two are equal: the device's id and the count of
    /// its fixes are nobody else's business.
    pub fn opaque(&self) -> String {
        let hash = crate::fnv1a(self.device.as_str().bytes().chain(self.seq.to_le_bytes()));
        format!("{:x}-{:08x}", self.effective.0, (hash >> 32) as u32 ^ hash as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(effective: i64, device: &str, seq: u64) -> Version {
        let device = DeviceId::parse(device).expect("device");
        Version { effective: Timestamp(effective), device, seq }
    }

    #[test]
    fn time_decides_then_device_then_seq() {
        let ordered =
            [version(1, "z", 9), version(2, "a", 9), version(2, "b", 1), version(2, "b", 2)];
        assert!(ordered.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn opaque_versions_differ_where_versions_do() {
        let all = [version(1, "a", 1), version(1, "a", 2), version(1, "b", 1), version(2, "a", 1)];
        let mut names: Vec<_> = all.iter().map(Version::opaque).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all.len());
    }

    #[test]
    fn values_out_of_range_are_named() {
        let here = Fix::at(Position::new(1.0, 2.0).expect("valid"));
        assert!(here.checked().is_ok());
        for (fix, name) in [
            (Fix { accuracy_m: Some(-1.0), ..here }, "accuracy_m"),
            (Fix { accuracy_m: Some(1e9), ..here }, "accuracy_m"),
            (Fix { speed_mps: Some(361.0), ..here }, "speed_mps"),
            (Fix { heading_deg: Some(-1.0), ..here }, "heading_deg"),
            (Fix { battery_percent: Some(101.0), ..here }, "battery_percent"),
            (Fix { altitude_m: Some(f64::NAN), ..here }, "altitude_m"),
        ] {
            assert_eq!(fix.checked().map_err(|fault| fault.name), Err(name));
        }
        let fast = Fix { speed_mps: Some(361.0), ..here }.checked().expect_err("too fast");
        assert!(fast.to_string().contains("speed_mps must be from 0 to 360"));
    }
}
