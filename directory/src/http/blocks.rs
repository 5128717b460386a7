use api::{Json, PageQuery, Problem, Query};
use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Other, Subject, lists};
use crate::{Directory, List, Verb};

/// Somebody who is blocked.
#[derive(Serialize, ToSchema)]
pub(super) struct BlockBody {
    /// Who; need not exist.
    #[schema(example = "mallory")]
    id: String,
    /// Blocked at, Unix milliseconds.
    since_ms: i64,
}

/// A page of blocks, in the order of ids.
#[derive(Serialize, ToSchema)]
pub(super) struct BlocksBody {
    blocks: Vec<BlockBody>,
    /// For the next page; null on the last one.
    next_cursor: Option<String>,
}

/// Lists whom a user blocks.
#[utoipa::path(
    get,
    operation_id = "list_blocks",
    path = "/v1/users/{user}/blocks",
    tag = "blocks",
    params(("user" = String, Path, description = "An id, or `me`"), PageQuery),
    responses((status = 200, body = BlocksBody, description = "A page"), Problem),
    security(("bearer" = []))
)]
pub(super) async fn list(
    State(directory): State<Directory>,
    subject: Subject,
    Query(query): Query<PageQuery>,
) -> Result<Json<BlocksBody>, Problem> {
    let page = query.page(&lists::name(List::Blocks, &subject.user))?;
    let (entries, next_cursor) =
        lists::read(&directory, List::Blocks, &subject.user, &page).await?;
    let blocks = entries
        .into_iter()
        .map(|entry| BlockBody { id: entry.other.to_string(), since_ms: entry.since.0 })
        .collect();
    Ok(Json(BlocksBody { blocks, next_cursor }))
}

/// Blocks somebody: ends the friendship and requests both ways, without telling them.
#[utoipa::path(
    put,
    operation_id = "block",
    path = "/v1/users/{user}/blocks/{other}",
    tag = "blocks",
    params(("user" = String, Path, description = "An id, or `me`"), ("other" = String, Path)),
    responses((status = 204, description = "Blocked"), Problem),
    security(("bearer" = []))
)]
pub(super) async fn put(
    State(directory): State<Directory>,
    subject: Subject,
    Other(other): Other,
) -> Result<StatusCode, Problem> {
    directory.relate(Verb::Block, &subject.user, &other).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lifts a block.
#[utoipa::path(
    delete,
    operation_id = "unblock",
    path = "/v1/users/{user}/blocks/{other}",
    tag = "blocks",
    params(("user" = String, Path, description = "An id, or `me`"), ("other" = String, Path)),
    responses((status = 204, description = "Not blocked"), Problem),
    security(("bearer" = []))
)]
pub(super) async fn delete(
    State(directory): State<Directory>,
    subject: Subject,
    Other(other): Other,
) -> Result<StatusCode, Problem> {
    directory.relate(Verb::Unblock, &subject.user, &other).await?;
    Ok(StatusCode::NO_CONTENT)
}
