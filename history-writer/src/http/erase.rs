use api::{DataSubject, Problem, Query, Work};
use axum::extract::State;
use http::StatusCode;
use model::{ErrorKind, Timestamp};

use super::range::RangeQuery;
use super::{failed, invalid};
use crate::core::cost::ERASING;
use crate::{History, TimeRange};

/// Earlier than this (1973) a time in milliseconds is probably one in seconds, and later than the other (5138) one in microseconds.
const PLAUSIBLE_MS: std::ops::Range<u64> = 100_000_000_000..100_000_000_000_000;

/// Erases a user's track, or a stretch of it: what was received until now is gone from every answer, at once and for good. Erasing all
/// of it destroys the key by which it was stored. What comes later is kept. It may be repeated.
///
/// Only the user, or a service. A bound from 1970 to 1973 is refused, but for 0: it is in seconds.
#[utoipa::path(
    delete,
    operation_id = "erase_track",
    path = "/v1/users/{user}/track",
    tag = "history",
    params(("user" = String, Path, description = "An id, or `me`"), RangeQuery),
    responses(
        (status = 204, description = "It is gone; 409 `too_many_erasures` if too many stretches are erased apart from each other"),
        Problem,
    ),
    security(("bearer" = []))
)]
pub(super) async fn delete(
    State(history): State<History>,
    DataSubject(user): DataSubject,
    mut work: Work,
    Query(query): Query<RangeQuery>,
) -> Result<StatusCode, Problem> {
    let range = query.range()?;
    plausible("from", range.from)?;
    plausible("to", range.to)?;
    work.spend(ERASING).await?;
    let erased = history.erase(&user, range).await.map_err(failed)?;
    erased.map_err(|refused| {
        Problem::new(ErrorKind::Conflict, "too_many_erasures", refused.to_string())
    })?;
    Ok(StatusCode::NO_CONTENT)
}

/// Refuses what isn't in milliseconds: what is erased doesn't come back.
fn plausible(name: &str, Timestamp(ms): Timestamp) -> Result<(), Problem> {
    let is_open = [0, TimeRange::ALL.from.0, TimeRange::ALL.to.0].contains(&ms);
    if is_open || PLAUSIBLE_MS.contains(&ms.unsigned_abs()) {
        return Ok(());
    }
    let detail = format!("{name} must be in milliseconds since 1970; this looks like another unit");
    Err(invalid("invalid_time", detail))
}
