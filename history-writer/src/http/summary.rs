use api::{DataSubject, Json, Problem, Query, Work};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use serde::Serialize;
use utoipa::ToSchema;

use super::failed;
use super::range::RangeQuery;
use crate::core::cost;
use crate::{Bounds, Direction, History, Summary, SummaryBuilder, TrackQuery};

/// What a track comes to.
#[derive(Serialize, ToSchema)]
pub(super) struct SummaryBody {
    /// Whose it is.
    #[schema(example = "alice")]
    user: String,
    /// How many points there are.
    points: u64,
    /// The time of the first one, Unix milliseconds; null without points.
    first_ms: Option<i64>,
    /// The time of the last one, Unix milliseconds; null without points.
    last_ms: Option<i64>,
    /// From the first to the last one, milliseconds.
    duration_ms: i64,
    /// The way from place to place, metres: where a phone lies around isn't a way, and a gap counts as the straight way over it.
    #[schema(example = 1_234.5)]
    distance_m: f64,
    /// The time that the way took, milliseconds.
    moving_ms: i64,
    /// The highest speed that was told, or else measured, metres per second; null if there is none.
    speed_max_mps: Option<f64>,
    /// The way through the time that it took, metres per second; null without a way.
    speed_mean_mps: Option<f64>,
    /// Where the points lie; null without points.
    bounds: Option<BoundsBody>,
    /// What was received until then is in it, unless it is incomplete; Unix milliseconds.
    complete_until_ms: i64,
    /// Whether points may be missing that were received until then.
    incomplete: bool,
    /// Why: `refused` (the log took none for a while), `waiting` (more waits than is remembered), `store_away`, `unreadable` (damaged),
    /// `put_aside` (the store didn't take it); absent if none are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    incomplete_because: Vec<&'static str>,
}

/// The smallest box around points, degrees. Over the antimeridian `west` is greater than `east`.
#[derive(Serialize, ToSchema)]
pub(super) struct BoundsBody {
    /// The southernmost latitude.
    south: f64,
    /// The westernmost longitude.
    west: f64,
    /// The northernmost latitude.
    north: f64,
    /// The easternmost longitude.
    east: f64,
}

impl From<Bounds> for BoundsBody {
    fn from(Bounds { south, west, north, east }: Bounds) -> Self {
        Self { south, west, north, east }
    }
}

/// Distance, duration, speeds and box of a user's track, or of a stretch of it. Only the user, or a service.
#[utoipa::path(
    get,
    operation_id = "get_track_summary",
    path = "/v1/users/{user}/track/summary",
    tag = "history",
    params(("user" = String, Path, description = "An id, or `me`"), RangeQuery),
    responses((status = 200, body = SummaryBody, description = "What it comes to"), Problem),
    security(("bearer" = []))
)]
pub(super) async fn get(
    State(history): State<History>,
    DataSubject(user): DataSubject,
    mut work: Work,
    Query(query): Query<RangeQuery>,
) -> Result<Response, Problem> {
    let whole = TrackQuery::whole(query.range()?, Direction::Ascending);
    let (mut pages, mut summary) = (history.pages(&user, whole), SummaryBuilder::new());
    while let Some(page) = pages.next().await.map_err(failed)? {
        page.points.iter().for_each(|point| summary.add(point));
        work.spend(cost::page(page.points.len(), 0, false)).await?;
    }
    let Summary { points, times, bounds, distance_m, moving_ms, speed_max_mps, speed_mean_mps } =
        summary.finish();
    let body = SummaryBody {
        user: user.to_string(),
        points,
        first_ms: times.map(|(first, _)| first.0),
        last_ms: times.map(|(_, last)| last.0),
        duration_ms: times.map_or(0, |(first, last)| last - first),
        distance_m: hundredths(distance_m),
        moving_ms,
        speed_max_mps: speed_max_mps.map(hundredths),
        speed_mean_mps: speed_mean_mps.map(hundredths),
        bounds: bounds.map(BoundsBody::from),
        complete_until_ms: pages.complete_until().0,
        incomplete: !pages.incomplete().is_empty(),
        incomplete_because: pages.incomplete().iter().map(|why| why.as_str()).collect(),
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}

/// With two digits behind the point: phones measure no better.
fn hundredths(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
