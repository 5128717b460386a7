use api::{Authenticated, Json, Limit, Page, Problem, Query, Work};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::body::BusinessBody;
use super::request::invalid;
use crate::{Change, FeedCursor, Proximity};

/// The parameters of the feed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ChangesQuery {
    /// `next` of the page before, or the `x-freshness` of a write; absent: from the beginning.
    after: Option<String>,
    /// The most items to answer with.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 500)]
    limit: Option<Limit>,
}

/// A change of a business.
#[derive(Serialize, ToSchema)]
pub(super) struct BusinessChangeBody {
    /// Which business.
    id: String,
    /// Its version by this change.
    version: u64,
    /// Changed at, Unix milliseconds.
    at_ms: i64,
    /// The business by now; null if it was removed.
    business: Option<BusinessBody>,
}

/// A page of the feed, in the order of the changes.
#[derive(Serialize, ToSchema)]
pub(super) struct ChangesBody {
    changes: Vec<BusinessChangeBody>,
    /// Where to go on, at once or later: `after` of the next request. There is always one.
    next_cursor: String,
    /// The same, for clients of before.
    #[schema(deprecated)]
    next: String,
    /// There was more already.
    more: bool,
}

/// What changed, for whoever follows. Of a business that changed several times the last change only.
#[utoipa::path(
    get,
    operation_id = "list_business_changes",
    path = "/v1/businesses/changes",
    tag = "businesses",
    params(ChangesQuery),
    responses(
        (status = 200, body = ChangesBody, description = "A page; 409 `other_history`, or `behind_horizon` after a week: follow from the beginning, without what is held"),
        Problem,
    ),
    security(("bearer" = []))
)]
pub(super) async fn list(
    State(proximity): State<Proximity>,
    Authenticated(caller): Authenticated,
    mut work: Work,
    Query(query): Query<ChangesQuery>,
) -> Result<Response, Problem> {
    let after = query.after.as_deref().map(|text| {
        FeedCursor::parse(text)
            .ok_or_else(|| invalid("invalid_after", "after is not what this service gave"))
    });
    let limit = Page::new(query.limit, None, "")?.limit;
    let page = proximity.changes(after.transpose()?, limit, &mut work).await?;
    let changes =
        page.changes.iter().map(|Change { id, version, at, business, .. }| BusinessChangeBody {
            id: id.to_string(),
            version: *version,
            at_ms: at.0,
            business: business.as_ref().map(|it| BusinessBody::for_caller(it, &caller)),
        });
    let next = page.next.to_string();
    let body = ChangesBody {
        changes: changes.collect(),
        next_cursor: next.clone(),
        next,
        more: page.more,
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response())
}
