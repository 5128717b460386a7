use std::fmt;

/// A length in metres.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Metres(pub f64);

/// A point on the WGS84 ellipsoid, in degrees.
///
/// Latitude −90 … 90, longitude −180 … 180, both finite. −180° and 180° are the same meridian, and at a pole every
/// longitude is the same point; [`distance`](crate::distance) treats them so.
#[derive(Clone, Copy, PartialEq)]
pub struct Position {
    latitude: f64,
    longitude: f64,
}

/// Which coordinate of a position is out of its range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PositionError {
    /// Not within −90 … 90.
    #[error("latitude must be from -90 to 90 degrees")]
    Latitude,
    /// Not within −180 … 180.
    #[error("longitude must be from -180 to 180 degrees")]
    Longitude,
}

impl Position {
    /// Checks the ranges; NaN and infinities are in neither.
    pub fn new(latitude: f64, longitude: f64) -> Result<Self, PositionError> {
        if !(-90.0..=90.0).contains(&latitude) {
            return Err(PositionError::Latitude);
        }
        if !(-180.0..=180.0).contains(&longitude) {
            return Err(PositionError::Longitude);
        }
        Ok(Self { latitude, longitude })
    }

    /// Degrees north.
    pub fn latitude(&self) -> f64 {
        self.latitude
    }

    /// Degrees east.
    pub fn longitude(&self) -> f64 {
        self.longitude
    }
}

/// Says nothing of where: positions must not reach logs.
impl fmt::Debug for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Position(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edges_of_the_world_are_on_it() {
        for (lat, lon) in
            [(90.0, 0.0), (-90.0, 180.0), (0.0, -180.0), (-0.0, -0.0), (1e-320, 1e-320)]
        {
            assert!(Position::new(lat, lon).is_ok(), "{lat} {lon}");
        }
    }

    #[test]
    fn what_lies_beyond_is_refused() {
        use PositionError::{Latitude, Longitude};
        for (lat, lon, fault) in [
            (90.0001, 0.0, Latitude),
            (-90.1, 0.0, Latitude),
            (f64::NAN, 0.0, Latitude),
            (0.0, 180.1, Longitude),
            (0.0, f64::INFINITY, Longitude),
        ] {
            assert_eq!(Position::new(lat, lon), Err(fault), "{lat} {lon}");
        }
    }

    #[test]
    fn debug_output_hides_the_coordinates() {
        let position = Position::new(36.12, -115.17).expect("valid");
        let shown = format!("{position:?}");
        assert!(!shown.contains("36") && !shown.contains("115"), "{shown}");
    }
}
