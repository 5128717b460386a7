use api::{Authenticated, Cursor, Json, Limit, Page, Problem, Query, Work};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use model::{ErrorKind, Role};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::body::BusinessBody;
use super::described::FreshHeader;
use super::request::{Fresh, invalid, user};
use crate::{BusinessId, Proximity};

/// The parameters of the list of somebody's businesses.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct OwnedQuery {
    /// `me`; services and operators may name any user.
    #[param(example = "me")]
    owner: String,
    /// The most items to answer with.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 500)]
    limit: Option<Limit>,
    /// `next_cursor` of the page before; absent for the first page.
    cursor: Option<String>,
}

/// A page of businesses, in the order of ids.
#[derive(Serialize, ToSchema)]
pub(super) struct OwnedBody {
    businesses: Vec<BusinessBody>,
    /// For the next page; null on the last one.
    next_cursor: Option<String>,
}

/// Lists somebody's businesses.
#[utoipa::path(
    get,
    operation_id = "list_businesses",
    path = "/v1/businesses",
    tag = "businesses",
    params(OwnedQuery, FreshHeader),
    responses((status = 200, body = OwnedBody, description = "A page"), Problem),
    security(("bearer" = []))
)]
pub(super) async fn list(
    State(proximity): State<Proximity>,
    Authenticated(caller): Authenticated,
    Fresh(fresh): Fresh,
    mut work: Work,
    Query(query): Query<OwnedQuery>,
) -> Result<Response, Problem> {
    let owner = user("owner", &query.owner, &caller)?;
    if caller.role == Role::User && owner != caller.user {
        let detail = "whose a business is, is told to its owner only";
        return Err(Problem::new(ErrorKind::Forbidden, "forbidden", detail));
    }
    let name = format!("businesses/{owner}");
    let page = Page::new(query.limit, query.cursor.as_deref(), &name)?;
    let after = page.after.map(|cursor| BusinessId::parse(cursor.last())).transpose();
    let after = after.map_err(|_| invalid("invalid_cursor", "cursor belongs to another list"))?;
    // One more than asked for tells whether there is more.
    let mut found = proximity.owned(&owner, after, page.limit + 1, fresh, &mut work).await?;
    let more = found.len() > page.limit;
    found.truncate(page.limit);
    let last = found.last().filter(|_| more);
    let next_cursor = last.map(|last| Cursor::after(last.id.to_string()).encode(&name));
    let businesses = found.iter().map(|it| BusinessBody::for_caller(it, &caller)).collect();
    let headers = [(header::CACHE_CONTROL, "no-store")];
    Ok((headers, Json(OwnedBody { businesses, next_cursor })).into_response())
}
