use api::{Json, Problem};
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::businesses::state;
use super::described::{BusinessPath, Changed, KeyHeader, MatchHeader};
use super::request::{IfMatch, Which, Writes, refused, user};
use crate::{Mutation, Proximity};

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
    params(BusinessPath, MatchHeader, KeyHeader),
    responses(Changed, Problem),
    security(("bearer" = []))
)]
pub(super) async fn put(
    State(proximity): State<Proximity>,
    Writes { caller, by }: Writes,
    Which(id): Which,
    if_match: IfMatch,
    Json(body): Json<OwnerBody>,
) -> Result<Response, Problem> {
    let owner = body.owner.map(|text| user("owner", &text, &caller)).transpose()?;
    let expected = if_match.version(&proximity, id).await?;
    let mutation = Mutation::Assign { id, expected, owner };
    let written = proximity.write(by, mutation).await.map_err(refused)?;
    Ok(state(StatusCode::OK, &written, &caller))
}
