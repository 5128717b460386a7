use api::{Authenticated, Json, Problem, ReadBack};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, StatusCode, header};
use model::Caller;

use super::body::{BusinessBody, DraftBody};
use super::described::{BusinessPath, Changed, FreshHeader, KeyHeader, MatchHeader};
use super::patch_body::PatchBody;
use super::request::{
    FRESHNESS, Fresh, IfMatch, IfNoneMatch, Which, Writes, etag, existing, invalid, refused,
};
use crate::{Actor, BusinessId, Mutation, Proximity, Written};

/// Kept by whoever asked, and asked for again by its tag: an owner sees own changes at once.
const REVALIDATE: &str = "private, no-cache";

/// Makes a business: the caller's own, or, of an operator, nobody's until it is assigned.
#[utoipa::path(
    post,
    operation_id = "create_business",
    path = "/v1/businesses",
    tag = "businesses",
    params(KeyHeader),
    responses(
        (status = 201, body = BusinessBody, description = "Made",
            headers(("etag" = String), ("location" = String), ("x-freshness" = String))),
        Problem,
    ),
    security(("bearer" = []))
)]
pub(super) async fn create(
    State(proximity): State<Proximity>,
    Writes { caller, by }: Writes,
    Json(body): Json<DraftBody>,
) -> Result<Response, Problem> {
    let owner = match &by.actor {
        Actor::Owner(user) => Some(user.clone()),
        Actor::Operator(_) => None,
    };
    let details = body.check().map_err(|why| invalid("invalid_business", why))?;
    let written = proximity.create(by, owner, details).await.map_err(refused)?;
    let location = [(header::LOCATION, format!("/v1/businesses/{}", written.outcome.business.id))];
    Ok((location, state(StatusCode::CREATED, &written, &caller)).into_response())
}

/// Everything on record about a business.
#[utoipa::path(
    get,
    operation_id = "get_business",
    path = "/v1/businesses/{business}",
    tag = "businesses",
    params(
        BusinessPath,
        ("if-none-match" = Option<String>, Header, description = "What the caller has already"),
        FreshHeader,
    ),
    responses(
        (status = 200, body = BusinessBody, description = "The business", headers(("etag" = String))),
        (status = 304, description = "It is as the caller has it"),
        Problem,
    ),
    security(("bearer" = []))
)]
pub(super) async fn get(
    State(proximity): State<Proximity>,
    Authenticated(caller): Authenticated,
    Which(id): Which,
    Fresh(fresh): Fresh,
    known: IfNoneMatch,
) -> Result<Response, Problem> {
    let business = existing(&proximity, id, fresh).await?;
    let headers = [
        (header::ETAG, etag(&business)),
        (header::CACHE_CONTROL, REVALIDATE.to_owned()),
        (header::VARY, VARY.to_owned()),
    ];
    if known.has(&business) {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    Ok((headers, Json(BusinessBody::for_caller(&business, &caller))).into_response())
}

/// Says everything about a business anew.
#[utoipa::path(
    put,
    operation_id = "replace_business",
    path = "/v1/businesses/{business}",
    tag = "businesses",
    params(BusinessPath, MatchHeader, KeyHeader),
    responses(Changed, Problem),
    security(("bearer" = []))
)]
pub(super) async fn replace(
    State(proximity): State<Proximity>,
    Writes { caller, by }: Writes,
    Which(id): Which,
    if_match: IfMatch,
    mut sent: ReadBack<DraftBody>,
) -> Result<Response, Problem> {
    let expected = expected(&proximity, id, &caller, &if_match, &mut sent).await?;
    let details = Box::new(sent.body.check().map_err(|why| invalid("invalid_business", why))?);
    let mutation = Mutation::Replace { id, expected, details };
    let written = proximity.write(by, mutation).await.map_err(refused)?;
    Ok(state(StatusCode::OK, &written, &caller))
}

/// Changes some of what is said about a business: what is left out stays, at any depth (RFC 7396), under either name of the body's
/// type.
#[utoipa::path(
    patch,
    operation_id = "change_business",
    path = "/v1/businesses/{business}",
    tag = "businesses",
    params(BusinessPath, MatchHeader, KeyHeader),
    responses(Changed, Problem),
    security(("bearer" = []))
)]
pub(super) async fn change(
    State(proximity): State<Proximity>,
    Writes { caller, by }: Writes,
    Which(id): Which,
    if_match: IfMatch,
    mut sent: ReadBack<PatchBody>,
) -> Result<Response, Problem> {
    let expected = expected(&proximity, id, &caller, &if_match, &mut sent).await?;
    let patch = Box::new(sent.body.check().map_err(|why| invalid("invalid_business", why))?);
    let mutation = Mutation::Change { id, expected, patch };
    let written = proximity.write(by, mutation).await.map_err(refused)?;
    Ok(state(StatusCode::OK, &written, &caller))
}

/// The version that a write must find, by its `If-Match` or as its body says it. What else can't be changed must be as the caller
/// reads it.
async fn expected<T>(
    proximity: &Proximity,
    id: BusinessId,
    caller: &Caller,
    if_match: &IfMatch,
    sent: &mut ReadBack<T>,
) -> Result<Option<u64>, Problem> {
    let matched = if_match.version(proximity, id).await?;
    let said = sent.take("version");
    if said.is_some() {
        // With the version it is known when it was changed. A repetition, which finds a later one, is known by its key.
        sent.take("updated_ms");
    }
    if sent.says_read_only() {
        let business = existing(proximity, id, None).await?;
        sent.check(Some(&BusinessBody::for_caller(&business, caller)))?;
    }
    let Some(said) = said else { return Ok(matched) };
    let said = said.as_u64().ok_or_else(|| Problem::read_only("version"))?;
    if matched.is_some_and(|matched| matched != said) {
        let detail = "If-Match and the body's version differ";
        let status = StatusCode::PRECONDITION_FAILED;
        return Err(Problem::with_status(status, "other_version", detail));
    }
    Ok(Some(said))
}

/// Removes a business.
#[utoipa::path(
    delete,
    operation_id = "remove_business",
    path = "/v1/businesses/{business}",
    tag = "businesses",
    params(BusinessPath, MatchHeader, KeyHeader),
    responses(
        (status = 204, description = "Removed", headers(("x-freshness" = String))),
        Problem,
    ),
    security(("bearer" = []))
)]
pub(super) async fn remove(
    State(proximity): State<Proximity>,
    Writes { by, .. }: Writes,
    Which(id): Which,
    if_match: IfMatch,
) -> Result<Response, Problem> {
    let expected = if_match.version(&proximity, id).await?;
    let mutation = Mutation::Remove { id, expected };
    let written = proximity.write(by, mutation).await.map_err(refused)?;
    let headers = [(FRESHNESS, written.as_of.to_string())];
    Ok((StatusCode::NO_CONTENT, headers).into_response())
}

/// A business as a write left it.
pub(super) fn state(status: StatusCode, written: &Written, caller: &Caller) -> Response {
    let business = &written.outcome.business;
    let headers: [(HeaderName, String); 2] =
        [(header::ETAG, etag(business)), (FRESHNESS, written.as_of.to_string())];
    (status, headers, Json(BusinessBody::for_caller(business, caller))).into_response()
}

/// What an answer depends on besides the path: who asks, and what they must see.
pub(super) const VARY: &str = "authorization, x-freshness";
