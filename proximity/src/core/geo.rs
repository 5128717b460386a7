//! Places: cells of a geohash and of H3, circles, and what covers them.

pub(crate) mod cell;
pub(crate) mod circle;
pub(crate) mod cover;
pub(crate) mod hexagon;
