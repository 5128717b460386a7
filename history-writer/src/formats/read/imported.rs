use model::{DeviceId, Fix, Position, Timestamp, UserId, limits};

use super::skipped::{SkipReason, Skipped};

/// A fix of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// Whose it is, where the file says so.
    pub user: Option<UserId>,
    /// Which device made it, where the file says so.
    pub device: Option<DeviceId>,
    /// Its number on that device, where the file says so.
    pub seq: Option<u64>,
    /// When.
    pub time: Timestamp,
    /// The rest.
    pub fix: Fix,
}

/// The values of a fix beside its position, in the order of [`Fix`]'s fields.
pub(super) type Values = [Option<f64>; 5];

/// The first and the last moment of the years 1900 to 9999.
const TIMES_MS: std::ops::RangeInclusive<i64> = -2_208_988_800_000..=253_402_300_799_999;

/// A fix that is being read.
#[derive(Debug, Clone, Default)]
pub(super) struct Draft {
    pub(super) user: Option<UserId>,
    pub(super) device: Option<DeviceId>,
    pub(super) seq: Option<u64>,
    pub(super) time: Option<Timestamp>,
    pub(super) latitude: Option<f64>,
    pub(super) longitude: Option<f64>,
    pub(super) values: Values,
}

impl Draft {
    /// The fix, if it has what it takes. Other values that can't be are left out, and counted.
    pub(super) fn finish(self, skipped: &mut Skipped) -> Result<Imported, SkipReason> {
        let (Some(latitude), Some(longitude)) = (self.latitude, self.longitude) else {
            return Err(SkipReason::NoPosition);
        };
        let position = Position::new(latitude, longitude);
        let position = position.map_err(|_| SkipReason::PositionOutOfRange)?;
        let time = self.time.ok_or(SkipReason::NoTime)?;
        if !TIMES_MS.contains(&time.0) {
            return Err(SkipReason::TimeOutOfRange);
        }
        let ranges = [
            limits::ACCURACY_M,
            limits::ALTITUDE_M,
            limits::SPEED_MPS,
            limits::HEADING_DEG,
            limits::BATTERY_PERCENT,
        ];
        let mut values = self.values;
        for (value, range) in values.iter_mut().zip(ranges) {
            if value.is_some_and(|it| !range.contains(&it)) {
                *value = None;
                skipped.values += 1;
            }
        }
        let [accuracy_m, altitude_m, speed_mps, heading_deg, battery_percent] = values;
        let fix = Fix { position, accuracy_m, altitude_m, speed_mps, heading_deg, battery_percent };
        Ok(Imported { user: self.user, device: self.device, seq: self.seq, time, fix })
    }
}
