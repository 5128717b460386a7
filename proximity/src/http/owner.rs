use api::{Json, Problem};
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::body::BusinessBody;
use super::businesses::state;
use super::request::{IfMatch, Which, Writes, refused, user};
use crate::Proximity;

/// Whose a business is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OwnerBody {
    /// A user, or null: nobody's.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required = true)]
    owner: Option<String>,
}

/// Says whose a business is. Operators only.
#[utoipa::path(
    put,
    operation_id = "assign_owner",
    path = "/v1/businesses/{business}/owner",
    tag = "businesses",
    params(
        ("business" = String, Path, description = "An id"),
        ("if-match" = Option<String>, Header, description = "The ETag that it must have"),
        ("idempotency-key" = Option<String>, Header, description = "Makes a repetition within a day do nothing"),
    ),
    responses(
        (status = 200, body = BusinessBody, description = "As it is now",
            headers(("etag" = String), ("x-freshness" = String))),
        Problem,
    ),
    security(("bearer" = []))
)]
pub(super) async fn put(
    State(proximity): State<Proximity>,
    Writes { caller, by }: Writes,
    Which(id): Which,
    expected: IfMatch,
    Json(body): Json<OwnerBody>,
) -> Result<Response, Problem> {
    let owner = body.owner.map(|text| user("owner", &text, &caller)).transpose()?;
    let written = proximity.assign_owner(by, expected.target(id), owner).await.map_err(refused)?;
    Ok(state(StatusCode::OK, &written, &caller))
}
