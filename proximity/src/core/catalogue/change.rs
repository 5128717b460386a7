use model::{FeedPosition, ReadToken, Timestamp};

use crate::core::catalogue::business::Business;
use crate::core::catalogue::id::BusinessId;

/// A change of a business.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Its place in the feed.
    pub position: FeedPosition,
    /// Which business.
    pub id: BusinessId,
    /// Its version by this change.
    pub version: u64,
    /// When.
    pub at: Timestamp,
    /// The business by now; `None` if it was removed.
    pub business: Option<Business>,
}

/// A page of the feed.
#[derive(Debug, Clone, PartialEq)]
pub struct Changes {
    /// In the order of positions.
    pub changes: Vec<Change>,
    /// Where to go on, in the timeline that this is of.
    pub next: ReadToken,
    /// There was more already when this was read.
    pub more: bool,
}
