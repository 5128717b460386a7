use std::collections::BTreeSet;

use api::{BodyPart, Problem};
use futures_util::stream::{self, Stream};
use model::UserId;

use super::query::TrackRequest;
use super::{cursor, failed};
use crate::core::cost;
use crate::{
    Direction, Incomplete, Pages, Simplifier, StoreError, TrackEnd, TrackFormat, TrackPage,
    TrackWriter,
};

/// A track that is being written as text, from page to page.
pub(super) struct TrackText {
    user: UserId,
    format: TrackFormat,
    direction: Direction,
    /// Whether one page of it is written, else all of it.
    is_page: bool,
    is_simplified: bool,
    /// What is told behind the points, as far as it is known.
    pub(super) end: TrackEnd,
    /// None once the text is written.
    open: Option<Open>,
}

struct Open {
    writer: TrackWriter,
    simplifier: Simplifier,
    is_begun: bool,
}

impl TrackText {
    pub(super) fn new(format: TrackFormat, user: UserId, request: &TrackRequest) -> Self {
        let &TrackRequest { ref query, is_page, resolution, points_max } = request;
        let open = Open {
            writer: TrackWriter::new(format, user.clone()),
            simplifier: Simplifier::new(resolution, points_max),
            is_begun: false,
        };
        Self {
            user,
            format,
            direction: query.direction,
            is_page,
            is_simplified: resolution.is_some() || points_max.is_some(),
            end: TrackEnd::default(),
            open: Some(open),
        }
    }

    pub(super) fn is_written(&self) -> bool {
        self.open.is_none()
    }

    /// Writes a page that was read; the end too, if no more are to be.
    fn write(&mut self, open: Open, page: TrackPage, is_last: bool) -> BodyPart {
        let Open { mut writer, mut simplifier, is_begun } = open;
        let read = page.points.len();
        let (mut kept, mut bytes) = (Vec::new(), Vec::new());
        for point in page.points {
            simplifier.push(point, &mut kept);
        }
        let simplifier = if is_last {
            self.end.tolerance = simplifier.finish(&mut kept);
            None
        } else {
            Some(simplifier)
        };
        if !is_begun {
            writer.begin(&mut bytes);
        }
        for point in &kept {
            writer.point(point, &mut bytes);
        }
        match simplifier {
            Some(simplifier) => self.open = Some(Open { writer, simplifier, is_begun: true }),
            None => writer.end(&self.end, &mut bytes),
        }
        BodyPart { bytes, cost: cost::page(read, kept.len(), self.is_simplified) }
    }

    /// The next part; `None` once all is written.
    pub(super) async fn next(&mut self, pages: &mut Pages) -> Result<Option<BodyPart>, Problem> {
        let Some(open) = self.open.take() else { return Ok(None) };
        let Some(page) = pages.next().await.map_err(failed)? else { return Ok(None) };
        // The headers have told what was known when the first part was written.
        if open.is_begun {
            self.check(pages.incomplete())?;
        }
        self.end.complete_until = Some(pages.complete_until());
        self.end.incomplete = pages.incomplete().iter().map(|why| why.as_str()).collect();
        let is_last = self.is_page || pages.is_done();
        if self.is_page {
            let next = pages.after().map(|after| cursor::encode(after, &self.user, self.direction));
            self.end.next = next;
        }
        Ok(Some(self.write(open, page, is_last)))
    }

    /// Errs if what turned out on the way can't be said any more, or is over at the next try.
    fn check(&self, incomplete: &BTreeSet<Incomplete>) -> Result<(), Problem> {
        let turned_out = |why: &Incomplete| !self.end.incomplete.contains(&why.as_str());
        if incomplete.contains(&Incomplete::StoreAway) && turned_out(&Incomplete::StoreAway) {
            return Err(failed(StoreError::unavailable("what is stored can't be read now")));
        }
        if self.format == TrackFormat::Csv && incomplete.iter().any(turned_out) {
            let what = "points of a track are missing, and CSV has no room to say so";
            return Err(failed(StoreError::internal(what)));
        }
        Ok(())
    }

    /// The rest of the text behind a first part, written as it is asked for.
    pub(super) fn rest(
        self,
        pages: Pages,
    ) -> impl Stream<Item = Result<BodyPart, Problem>> + Send + 'static {
        stream::try_unfold((self, pages), |(mut text, mut pages)| async move {
            let part = text.next(&mut pages).await?;
            Ok(part.map(|part| (part, (text, pages))))
        })
    }
}
