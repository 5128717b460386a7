use std::f64::consts::{FRAC_PI_2, PI, TAU};

use h3o::{CellIndex, LatLng};
use model::{Position, PositionError};

use crate::core::geo::cell::hide;

use super::{HEXAGONS_MAX, HexagonRange, Resolution};

/// No corner of a cell of resolution 0 is farther from its middle, radians; of finer ones √7 times less a step. The
/// farthest that was found is 0.220528, beside the middles of the icosahedron's faces.
pub(super) const RADIUS: f64 = 0.2206;
/// No point of a cell, or of what it is divided into, is farther from its middle: children stick out of their parents. In
/// the plane by no more than 1.0523 of the radius, the sum of √3·7^(−n/2) over all steps.
pub(super) const REACH: f64 = 0.24;

/// What a map shows: between two parallels and two meridians, the edges included.
#[derive(Clone, Copy, PartialEq)]
pub struct Viewport {
    /// Radians.
    south: f64,
    /// Radians.
    north: f64,
    /// The meridian in the middle, radians.
    middle: f64,
    /// From the middle to either side, radians.
    half_width: f64,
}

/// Why there is no such viewport.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ViewportError {
    /// An edge is no latitude.
    #[error("south and north must be latitudes from -90 to 90 degrees")]
    Latitude,
    /// An edge is no longitude.
    #[error("west and east must be longitudes from -180 to 180 degrees")]
    Longitude,
    /// The south lies north of the north.
    #[error("south must not be greater than north")]
    UpsideDown,
}

impl From<PositionError> for ViewportError {
    fn from(corner: PositionError) -> Self {
        match corner {
            PositionError::Latitude => Self::Latitude,
            PositionError::Longitude => Self::Longitude,
        }
    }
}

hide!(Viewport);

impl Viewport {
    /// The viewport with these edges, degrees. It reaches from `west` eastward to `east`, over the antimeridian if `west`
    /// is the greater one; from −180 to 180 it is all around the world.
    pub fn new(south: f64, west: f64, north: f64, east: f64) -> Result<Self, ViewportError> {
        Position::new(south, west)?;
        Position::new(north, east)?;
        if south > north {
            return Err(ViewportError::UpsideDown);
        }
        let width = if west > east { east - west + 360.0 } else { east - west };
        Ok(Self {
            south: south.to_radians(),
            north: north.to_radians(),
            middle: (west + width / 2.0).to_radians(),
            half_width: (width / 2.0).to_radians(),
        })
    }

    /// The cells of a resolution that overlap the viewport, in order; `None` if there are more than [`HEXAGONS_MAX`].
    ///
    /// Cells beside it may be among them, none whose middle is farther from it than the largest cell's radius, measured
    /// along the edges of the viewport.
    pub fn cover(&self, resolution: Resolution) -> Option<Vec<HexagonRange>> {
        self.cells(resolution, HEXAGONS_MAX).map(HexagonRange::new)
    }

    /// The finest resolution of which no more than so many cells, at least 122, cover the viewport.
    pub fn finest(&self, cells_max: usize) -> Resolution {
        let fitting = Resolution::all().take_while(|it| self.cells(*it, cells_max).is_some());
        fitting.last().unwrap_or(Resolution(h3o::Resolution::Zero))
    }

    /// The cover, cell by cell; `None` as soon as it is more than `max`.
    fn cells(&self, resolution: Resolution, max: usize) -> Option<Vec<CellIndex>> {
        let mut cells = Vec::new();
        let all = CellIndex::base_cells();
        all.into_iter().try_for_each(|base| self.descend(base, resolution, max, &mut cells))?;
        Some(cells)
    }

    /// Adds what a cell has of the cover. The cells looked at on the way are about as many as are found, since each is
    /// near the viewport: what doesn't reach it is left at once.
    fn descend(
        &self,
        cell: CellIndex,
        resolution: Resolution,
        max: usize,
        found: &mut Vec<CellIndex>,
    ) -> Option<()> {
        let is_last = cell.resolution() == resolution.0;
        let reach = if is_last { RADIUS } else { REACH };
        let reach = reach * 7_f64.powf(-f64::from(u8::from(cell.resolution())) / 2.0);
        if !self.is_within(reach, cell.into()) {
            return Some(());
        }
        if is_last {
            found.push(cell);
            return (found.len() <= max).then_some(());
        }
        let finer = cell.resolution().succ()?;
        cell.children(finer).try_for_each(|child| self.descend(child, resolution, max, found))
    }

    /// Whether the box around a circle, by latitude and longitude, touches the viewport.
    fn is_within(&self, reach: f64, middle: LatLng) -> bool {
        let (latitude, longitude) = (middle.lat_radians(), middle.lng_radians());
        if latitude + reach < self.south || latitude - reach > self.north {
            return false;
        }
        // With a pole in it a circle is on every meridian.
        if latitude.abs() + reach >= FRAC_PI_2 {
            return true;
        }
        let half = (reach.sin() / latitude.cos()).min(1.0).asin();
        let apart = (longitude - self.middle + PI).rem_euclid(TAU) - PI;
        apart.abs() <= self.half_width + half
    }
}
