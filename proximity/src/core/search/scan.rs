use std::sync::Arc;

use model::{FeedPosition, Position, ReadToken};

use crate::core::catalogue::category::CategoryKey;
use crate::core::catalogue::details::Name;
use crate::core::catalogue::hours::OpeningHours;
use crate::core::catalogue::id::BusinessId;
use crate::core::geo::cell::{Code, Range};

/// The most ranges in one scan, scanned and counted each.
pub const RANGES_MAX: usize = 512;
/// The most rows that one scan answers with.
pub const SCAN_ROWS_MAX: usize = 10_000;

/// Which businesses a search wants to look at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scan {
    /// Where: up to [`RANGES_MAX`], in order, none overlapping another.
    pub ranges: Vec<Range>,
    /// Only those found by this category.
    pub category: Option<CategoryKey>,
    /// Only those behind this one, in the order of code and id: where the last scan stopped.
    pub after: Option<(Code, BusinessId)>,
    /// The most rows to answer with, up to [`SCAN_ROWS_MAX`].
    pub rows_max: usize,
    /// Opening hours are wanted.
    pub hours: bool,
    /// Names are wanted.
    pub names: bool,
    /// Where, besides, only the number of businesses is wanted: like `ranges`, of the same category.
    pub counted: Vec<Range>,
}

/// A business that a search looks at.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Which.
    pub id: BusinessId,
    /// Where, to the last bit as it was given.
    pub position: Position,
    /// See [`Business::placed`].
    pub placed: FeedPosition,
    /// When it is open, if asked for and known; the same hours may be shared by many.
    pub hours: Option<Arc<OpeningHours>>,
    /// What it is called, if asked for.
    pub name: Option<Name>,
}

/// What a scan found.
#[derive(Debug, Clone, PartialEq)]
pub struct Scanned {
    /// In the order of code and id.
    pub candidates: Vec<Candidate>,
    /// There may be more behind the last one.
    pub more: bool,
    /// Businesses in the ranges to be counted.
    pub counted: u64,
    /// The state in which all of this was so.
    pub as_of: ReadToken,
}
