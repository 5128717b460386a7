use api::{BodyPart, DataSubject, Problem, Query, Work, preferred, streamed};
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, StreamExt as _};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::query::TrackParams;
use super::text::TrackText;
use super::track_body::TrackBody;
use crate::{History, TrackEnd, TrackFormat};

/// What was received until this moment is in the answer, as far as it isn't said to be incomplete; Unix milliseconds.
pub const COMPLETE_UNTIL: HeaderName = HeaderName::from_static("x-complete-until-ms");
/// Why points may be missing that were received until then, as far as that is known at the beginning: `false` if none are, else
/// words with commas between them.
pub const INCOMPLETE: HeaderName = HeaderName::from_static("x-incomplete");

/// A user's track: a page as JSON, or the whole of it as NDJSON, `GeoJSON`, GPX or CSV, as `Accept` says.
///
/// Only the user, or a service. What isn't a page is sent while it is read: an answer that can't go on breaks off, and never ends as
/// if it were whole. What is told at the end of a page stands at the end of the other formats too; CSV has no room for it, and breaks
/// off if it turns out on the way that something is missing.
#[utoipa::path(
    get,
    operation_id = "get_track",
    path = "/v1/users/{user}/track",
    tag = "history",
    params(("user" = String, Path, description = "An id, or `me`"), TrackParams),
    responses(
        (
            status = 200,
            description = "The points in order",
            headers(
                ("x-complete-until-ms" = i64, description = "What was received until then is there, unless it is incomplete; Unix milliseconds"),
                ("x-incomplete" = String, description = "Why points may be missing, as in `incomplete_because`, as far as that is known at the beginning; `false` if none are"),
            ),
            content(
                (TrackBody = "application/json"),
                (String = "application/x-ndjson"),
                (String = "application/geo+json"),
                (String = "application/gpx+xml"),
                (String = "text/csv"),
            ),
        ),
        Problem,
    ),
    security(("bearer" = []))
)]
pub(super) async fn get(
    State(history): State<History>,
    DataSubject(user): DataSubject,
    mut work: Work,
    headers: HeaderMap,
    Query(params): Query<TrackParams>,
) -> Result<Response, Problem> {
    let format = format(&headers)?;
    let request = params.parse(&user, format)?;
    let mut pages = history.pages(&user, request.query.clone());
    let mut text = TrackText::new(format, user, &request);
    // There is a first part, if without points.
    let BodyPart { bytes, cost } = text.next(&mut pages).await?.unwrap_or_default();
    let told = told(format, &text.end);
    work.spend(cost).await?;
    if text.is_written() {
        return Ok((told, bytes).into_response());
    }
    let first = stream::iter([Ok(BodyPart { bytes, cost: 0 })]);
    let body: Body = streamed(work, first.chain(text.rest(pages)))?;
    Ok((told, body).into_response())
}

/// What the headers tell.
fn told(format: TrackFormat, end: &TrackEnd) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    if let Some(moment) = end.complete_until {
        headers.insert(COMPLETE_UNTIL, HeaderValue::from(moment.0));
    }
    let because = end.incomplete.join(", ");
    let incomplete = HeaderValue::try_from(because).ok().filter(|value| !value.is_empty());
    let complete = HeaderValue::from_static("false");
    headers.insert(INCOMPLETE, incomplete.unwrap_or(complete));
    headers
}

/// The format that is wanted most.
fn format(headers: &HeaderMap) -> Result<TrackFormat, Problem> {
    let offers: Vec<&str> = TrackFormat::ALL.iter().map(|format| essence(*format)).collect();
    let chosen = preferred(headers, &offers).map(|place| TrackFormat::ALL[place]);
    chosen.ok_or_else(|| {
        let detail = format!("answers are {}; the Accept header excludes these", offers.join(", "));
        Problem::with_status(StatusCode::NOT_ACCEPTABLE, "not_acceptable", detail)
    })
}

/// The media type without its parameters.
fn essence(format: TrackFormat) -> &'static str {
    let full = format.media_type();
    full.split_once(';').map_or(full, |(essence, _)| essence)
}
