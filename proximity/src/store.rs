#[cfg(feature = "test-kit")]
pub mod conformance;
pub mod embedded;
pub mod postgres;
pub(crate) mod rows;

use futures_util::future::BoxFuture;
use model::{ReadToken, Timestamp, UserId};

use crate::core::catalogue::business::Business;
use crate::core::catalogue::category::CategoryKey;
use crate::core::catalogue::change::{Changes, FeedCursor};
use crate::core::catalogue::id::BusinessId;
use crate::core::catalogue::mutation::{Import, Imported, Outcome, WriteRequest};
use crate::core::geo::cell::{Area, CountedCell};
use crate::core::geo::hexagon::{Hexagon, HexagonRange};
use crate::core::limits::Limits;
use crate::core::refusal::Refusal;
use crate::core::search::scan::{Scan, Scanned};
use crate::error::Error;

/// The most places in one import. The counters of cells that a thousand places share are written once, and indexes in
/// order, so more are cheaper; but writers wait for one another, and so many take a database some 300 ms.
pub const IMPORT_MAX: usize = 8_000;
/// The most ids that are fetched at once.
pub const FETCH_MAX: usize = 1_000;
/// The most changes, or businesses of an owner, on one page.
pub const PAGE_MAX: usize = 1_000;

/// What a store promises: the answer, later.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, Error>>;

/// What a batch of writes did.
#[derive(Debug, Clone, PartialEq)]
pub struct Applied {
    /// Each write's own, in the same order.
    pub outcomes: Vec<Result<Outcome, Refusal>>,
    /// What a read must include to see them.
    pub as_of: ReadToken,
}

/// Where businesses are kept.
///
/// **Order.** Every change of a business has a [`FeedPosition`], which grows by one with every change, over all writers,
/// in the order in which they are committed: every state that can be read, on a replica too, holds the changes up to one
/// position, and none beyond. A transaction that isn't committed leaves no hole. (So writers take their positions one
/// after another, and keep the place until they are committed; batches make up for it.)
///
/// **Freshness.** Writes answer with the state that has them. A read that is given one answers from a state that
/// includes it: from a replica that has come so far, after a short wait from the primary, and at once from the primary
/// if it is of another timeline. A read that is given none may answer from a replica that lags by seconds, never by more
/// than the deployment allows. Whatever was promoted or restored begins another timeline.
///
/// **Durability.** What a write answered with success survives a power cut of the primary.
///
/// **When unavailable.** [`Error::Unavailable`] from [`apply`](Store::apply) or [`import`](Store::import) means that it
/// isn't known whether the batch was committed, in whole: an import can be repeated; a write too if it has a key, or
/// names the version that it expects (then it may be refused as done by somebody else). Others are better left to those
/// who gave them. From a read it means nothing but itself. The store doesn't retry writes; reads it may try on another
/// replica. Its own waiting is bounded by seconds.
///
/// **Absence** is an empty answer, not an error.
pub trait Store: Send + Sync {
    /// Applies up to [`BATCH_MAX`](crate::BATCH_MAX) writes in their order, in one transaction, and answers each with its own outcome, in
    /// the same order. A write that is refused changes nothing and doesn't undo its neighbours; the later ones see what
    /// the earlier ones did.
    ///
    /// A write with a key that its actor gave before, within [`KEY_AGE_MS_MAX`](crate::core::limits::KEY_AGE_MS_MAX), does
    /// nothing: it is answered with the outcome of then, or refused if it was another write. The id that a creation
    /// proposes doesn't make it another. Writes that were refused aren't remembered.
    fn apply(&self, writes: Vec<WriteRequest>, limits: Limits) -> Answer<'_, Applied>;

    /// Makes or changes up to [`IMPORT_MAX`] places, each found again by its source, in one transaction, one after the
    /// other. What is so already isn't written. All or none: [`Refusal::IdTaken`] refuses the whole.
    fn import(&self, places: Vec<Import>, at: Timestamp) -> Answer<'_, (Imported, ReadToken)>;

    /// The businesses in some ranges of codes, in one round trip and from one state.
    ///
    /// As many as there are, up to `rows_max`; a scan that answers with `more` is continued behind its last candidate.
    fn scan(&self, scan: Scan, fresh: Option<ReadToken>) -> Answer<'_, Scanned>;

    /// How many businesses there are in the counted cells of an area, those without any left out, in order. A hint: may
    /// come from any replica.
    fn density(&self, area: Area) -> Answer<'_, Vec<(CountedCell, u32)>>;

    /// How many businesses there are in each H3 cell of some ranges, cells without any left out, in order and from one
    /// state: exactly those whose position is in the cell. Up to [`HEXAGONS_MAX`](crate::HEXAGONS_MAX) ranges, in order,
    /// none overlapping another.
    fn hexagons(
        &self,
        ranges: Vec<HexagonRange>,
        fresh: Option<ReadToken>,
    ) -> Answer<'_, Vec<(Hexagon, u64)>>;

    /// Whether a business has the category, or is of the group, or ever was.
    fn has_category<'a>(
        &'a self,
        category: &'a CategoryKey,
        fresh: Option<ReadToken>,
    ) -> Answer<'a, bool>;

    /// These businesses, in this order; up to [`FETCH_MAX`].
    fn fetch<'a>(
        &'a self,
        ids: &'a [BusinessId],
        fresh: Option<ReadToken>,
    ) -> Answer<'a, Vec<Option<Business>>>;

    /// Up to `limit` businesses of an owner with ids greater than `after`, in the order of ids. What is there during a
    /// whole walk is met exactly once.
    fn owned<'a>(
        &'a self,
        owner: &'a UserId,
        after: Option<BusinessId>,
        limit: usize,
        fresh: Option<ReadToken>,
    ) -> Answer<'a, Vec<Business>>;

    /// Up to `limit` changes behind `after`; `None` is before the first. Of a business that changed more than once only
    /// the last change is left, so that the feed from its beginning is all there is, and no longer than that and the
    /// removals. Who follows it misses nothing: a position that was passed stays passed.
    ///
    /// A position that the timeline hasn't, or of another, is refused with [`Refusal::OtherTimeline`]. Removals are forgotten
    /// after [`REMOVED_AGE_MS_MAX`](crate::core::limits::REMOVED_AGE_MS_MAX): who may have been told of a business whose
    /// removal is, is refused with [`Refusal::BehindHorizon`]. Both begin anew, without what they hold.
    fn changes(&self, after: Option<FeedCursor>, limit: usize) -> Answer<'_, Changes>;

    /// What keeps the store from working now, for operators; `None` as far as is known. It comes and goes by itself.
    fn fault(&self) -> Option<String> {
        None
    }
}
