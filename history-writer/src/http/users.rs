use api::{Authenticated, Cursor, Json, PageQuery, Problem, Query, Work};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use model::UserId;
use serde::Serialize;
use utoipa::ToSchema;

use super::{failed, invalid, services_only};
use crate::core::cost::PAGE;
use crate::{History, Incomplete};

/// The name of the list in a cursor.
const LIST: &str = "tracks";

/// A page of users, in the order of their ids.
#[derive(Serialize, ToSchema)]
pub(super) struct TrackUsersBody {
    /// Who may have a track.
    #[schema(example = json!(["alice", "bob"]))]
    users: Vec<String>,
    /// For the next page; null on the last one.
    next_cursor: Option<String>,
    /// Everybody is on these pages of whom something was received until then, unless they are incomplete; Unix milliseconds.
    complete_until_ms: i64,
    /// Whether users may be missing of whom something was received until then.
    incomplete: bool,
    /// Why, as of a track; absent if none are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    incomplete_because: Vec<&'static str>,
}

/// Lists the users who have a track. One of them may turn out to have no points: all were erased, or are too old.
///
/// Services only.
#[utoipa::path(
    get,
    operation_id = "list_tracks",
    path = "/v1/tracks",
    params(PageQuery),
    tag = "history",
    responses((status = 200, description = "In the order of their ids", body = TrackUsersBody), Problem),
    security(("bearer" = []))
)]
pub(super) async fn list(
    Authenticated(caller): Authenticated,
    State(history): State<History>,
    Query(query): Query<PageQuery>,
    mut work: Work,
) -> Result<Response, Problem> {
    services_only(&caller)?;
    let page = query.page(LIST)?;
    let after = page.after.map(|cursor| UserId::parse(cursor.last())).transpose();
    let after = after.map_err(|_| invalid("invalid_cursor", "cursor belongs to another list"))?;
    work.spend(PAGE).await?;
    let found = history.users(after.as_ref(), page.limit).await.map_err(failed)?;
    let last = found.users.last().filter(|_| found.users.len() == page.limit);
    let next_cursor = last.map(|last| Cursor::after(last.as_str()).encode(LIST));
    let incomplete_because: Vec<_> =
        found.incomplete.iter().copied().map(Incomplete::as_str).collect();
    let body = TrackUsersBody {
        next_cursor,
        users: found.users.iter().map(ToString::to_string).collect(),
        complete_until_ms: found.complete_until.0,
        incomplete: !incomplete_because.is_empty(),
        incomplete_because,
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}
