//! What work costs, in units of about a microsecond of CPU each, of this process and its database together.

/// Reading a candidate from a store and looking at it.
pub(crate) const ROW: u64 = 2;
/// The same with its opening hours.
pub(crate) const ROW_WITH_HOURS: u64 = 5;
/// All on record about a business.
pub(crate) const BUSINESS: u64 = 15;
/// A cell of H3 with its count.
pub(crate) const CELL: u64 = 2;

/// Businesses of a category that are counted in a store without being read, for each unit.
const COUNTED_A_UNIT: u64 = 8;
/// Points in memory that are looked at, for each unit.
const POINTS_A_UNIT: u64 = 64;

/// Counting so many businesses of a category in a store.
pub(crate) fn counted(businesses: u64) -> u64 {
    businesses / COUNTED_A_UNIT
}

/// Looking at so many points in memory.
pub(crate) fn points(points: usize) -> u64 {
    points as u64 / POINTS_A_UNIT
}
