use std::collections::VecDeque;

use api::export::{Next, Piece, file};
use api::{BodyPart, Problem};
use futures_util::stream::{self, BoxStream, StreamExt as _};
use model::{Timestamp, UserId};
use serde_json::json;

use super::failed;
use crate::core::cost::{self, PAGE};
use crate::formats::month;
use crate::{
    Direction, History, Incomplete, Pages, Point, StoreError, TimeRange, TrackFormat, TrackPage,
    TrackQuery, TrackWriter, UserRecord,
};

/// What movement history holds about a person: their points, a file for each month, what they erased, and whether it is on.
impl Piece for History {
    fn name(&self) -> &'static str {
        "history"
    }

    fn read(&self, user: &UserId) -> BoxStream<'static, Result<Next, Problem>> {
        let begun = Archived {
            history: self.clone(),
            user: user.clone(),
            pages: None,
            month: None,
            ready: VecDeque::new(),
        };
        stream::try_unfold(begun, |mut archived| async move {
            let next = archived.next().await?;
            Ok(next.map(|next| (next, archived)))
        })
        .boxed()
    }
}

/// How far the piece is.
struct Archived {
    history: History,
    user: UserId,
    /// None before the first thing was read.
    pages: Option<Pages>,
    /// The file that is being written.
    month: Option<String>,
    /// What was made of the page that was read last.
    ready: VecDeque<Next>,
}

impl Archived {
    async fn next(&mut self) -> Result<Option<Next>, Problem> {
        while self.ready.is_empty() {
            let Some(pages) = &mut self.pages else {
                let record = self.history.record(&self.user).await.map_err(failed)?;
                self.ready.extend(file("history/settings.json", &settings(&record), PAGE));
                let whole = TrackQuery::whole(TimeRange::ALL, Direction::Ascending);
                self.pages = Some(self.history.pages(&self.user, whole));
                continue;
            };
            let Some(page) = pages.next().await.map_err(failed)? else { return Ok(None) };
            if pages.incomplete().contains(&Incomplete::StoreAway) {
                return Err(failed(StoreError::unavailable("what is stored can't be read now")));
            }
            let end = pages.is_done().then(|| {
                let because = pages.incomplete().iter().map(|why| why.as_str());
                json!({
                    "complete_until_ms": pages.complete_until().0,
                    "incomplete": !pages.incomplete().is_empty(),
                    "incomplete_because": because.collect::<Vec<_>>(),
                })
            });
            self.add(&page);
            if let Some(end) = end {
                self.ready.extend(file("history/track.json", &end, PAGE));
            }
        }
        Ok(self.ready.pop_front())
    }

    /// Writes a page into the files of its months.
    fn add(&mut self, page: &TrackPage) {
        let mut writer = TrackWriter::new(TrackFormat::Ndjson, self.user.clone());
        let of_month = |a: &Point, b: &Point| month(a.effective()) == month(b.effective());
        for points in page.points.chunk_by(of_month) {
            let month = month(points[0].effective());
            if self.month.as_ref() != Some(&month) {
                self.ready.push_back(Next::File(format!("history/track/{month}.ndjson")));
                self.month = Some(month);
            }
            let mut bytes = Vec::new();
            for point in points {
                writer.point(point, &mut bytes);
            }
            let cost = cost::page(points.len(), points.len(), false);
            self.ready.push_back(Next::Content(BodyPart { bytes, cost }));
        }
    }
}

fn settings(record: &UserRecord) -> serde_json::Value {
    let erased = record.erasures.iter().map(|erasure| {
        let bound = |moment: Timestamp, open: Timestamp| (moment != open).then_some(moment.0);
        json!({
            "from_ms": bound(erasure.range.from, TimeRange::ALL.from),
            "to_ms": bound(erasure.range.to, TimeRange::ALL.to),
            "erased_ms": erasure.erased_at.0,
        })
    });
    let off = record
        .off_times
        .iter()
        .map(|off| json!({ "since_ms": off.since.0, "until_ms": off.until.map(|until| until.0) }));
    json!({
        "enabled": !record.off_times.is_off(),
        "off": off.collect::<Vec<_>>(),
        "erased": erased.collect::<Vec<_>>(),
    })
}
