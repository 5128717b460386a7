use std::time::Instant;

use api::Work;
use model::ReadToken;

use super::run::{self, Detail, Question};
use super::{Proximity, Shared};
use crate::core::cost;
use crate::core::geo::hexagon::{Hexagon, HexagonRange};
use crate::core::refusal::Refusal;
use crate::core::search::{Found, Query, SearchCursor};
use crate::error::Error;
use crate::metrics::Answerer;

/// Searches, from memory if it may answer, else from the store.
impl Proximity {
    /// A page of the businesses that a query finds, nearest first: all, or those behind the cursor of the page before.
    ///
    /// A category that no business ever had is refused. The work is charged while it is done.
    pub async fn nearby(
        &self,
        query: &Query,
        after: Option<SearchCursor>,
        detail: Detail,
        fresh: Option<ReadToken>,
        work: &mut Work,
    ) -> Result<Found, Error> {
        // A stopwatch for a metric; nothing is decided by it.
        let started = Instant::now();
        let mut by = Answerer::Resident;
        let mut result = self.search(Question { query, after, fresh }, detail, work, &mut by).await;
        if let Ok(found) = &result
            && let Some(refused) = self.unknown_category(query, after, found).await
        {
            result = Err(refused);
        }
        self.shared.metrics.count(by, started.elapsed(), &result);
        result
    }

    /// How many businesses all pages of a query have.
    pub async fn total(
        &self,
        query: &Query,
        fresh: Option<ReadToken>,
        work: &mut Work,
    ) -> Result<u64, Error> {
        let Shared { store, clock, resident, .. } = &*self.shared;
        let now = clock.now().monotonic;
        if let Some(resident) = resident.get()
            && let Some(total) = resident.total(query, fresh, now, work).await?
        {
            return Ok(total);
        }
        run::total(&**store, query, fresh, work).await
    }

    /// How many businesses there are in each cell of a [cover](crate::Viewport::cover): see [`Store::hexagons`].
    pub async fn density(
        &self,
        cover: Vec<HexagonRange>,
        fresh: Option<ReadToken>,
        work: &mut Work,
    ) -> Result<Vec<(Hexagon, u64)>, Error> {
        let cells = self.shared.store.hexagons(cover, fresh).await?;
        work.spend(cost::CELL * cells.len() as u64).await?;
        Ok(cells)
    }

    /// Nothing found may be a typing error in the category.
    async fn unknown_category(
        &self,
        query: &Query,
        after: Option<SearchCursor>,
        found: &Found,
    ) -> Option<Error> {
        let category = query.category().filter(|_| found.hits.is_empty() && after.is_none())?;
        match self.shared.store.has_category(category, Some(found.as_of)).await {
            Ok(true) => None,
            Ok(false) => Some(Refusal::NoSuchCategory.into()),
            Err(error) => Some(error),
        }
    }

    /// What is found; `by` is left as what answered, an error too.
    async fn search(
        &self,
        question: Question<'_>,
        detail: Detail,
        work: &mut Work,
        by: &mut Answerer,
    ) -> Result<Found, Error> {
        let Shared { store, clock, hints, resident, .. } = &*self.shared;
        let now = clock.now().monotonic;
        if let Some(resident) = resident.get()
            && let Some(found) = resident.nearby(question, detail, now, work).await?
        {
            return run::complete(&**store, found, detail, work).await;
        }
        *by = Answerer::Store;
        let hint = run::hint(&**store, hints, question.query, now).await?;
        run::nearby(&**store, question, detail, hint, work).await
    }
}
