use api::{Json, Limit, Page, Problem, Query};
use axum::extract::State;
use http::StatusCode;
use model::{ErrorKind, UserId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Other, Subject, lists};
use crate::{Directory, List, Verb};

/// Whom to ask.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AskBody {
    /// The other user's id.
    #[schema(example = "bob")]
    to: String,
}

/// A pending request.
#[derive(Serialize, ToSchema)]
pub(super) struct RequestBody {
    /// The other user.
    #[schema(example = "bob")]
    id: String,
    /// The name of whoever asks; absent for own requests, whose addressee need not exist.
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    /// Asked at, Unix milliseconds.
    since_ms: i64,
}

/// A page of requests, in the order of ids.
#[derive(Serialize, ToSchema)]
pub(super) struct RequestsBody {
    requests: Vec<RequestBody>,
    /// For the next page; null on the last one.
    next_cursor: Option<String>,
}

/// Which way a request goes, as seen by `{user}`.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Direction {
    /// They are asked.
    Incoming,
    /// They ask.
    Outgoing,
}

/// The parameters of the list of requests.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct RequestsQuery {
    /// Which way.
    #[param(inline)]
    direction: Direction,
    /// The most items to answer with.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 500)]
    limit: Option<Limit>,
    /// `next_cursor` of the page before; absent for the first page.
    cursor: Option<String>,
}

/// Asks somebody to be friends. The answer is the same whoever that is, and whether they exist.
#[utoipa::path(
    post,
    path = "/v1/users/{user}/friend-requests",
    tag = "friend requests",
    params(("user" = String, Path, description = "An id, or `me`")),
    responses((status = 202, description = "Asked; if they asked too, you are friends"), Problem),
    security(("bearer" = []))
)]
pub(super) async fn ask(
    State(directory): State<Directory>,
    subject: Subject,
    Json(body): Json<AskBody>,
) -> Result<StatusCode, Problem> {
    let other = UserId::parse(&body.to)
        .map_err(|fault| Problem::new(ErrorKind::Invalid, "invalid_id", format!("to {fault}")))?;
    directory.relate(Verb::Ask, &subject.user, &other).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Lists pending requests.
#[utoipa::path(
    get,
    operation_id = "list_friend_requests",
    path = "/v1/users/{user}/friend-requests",
    tag = "friend requests",
    params(("user" = String, Path, description = "An id, or `me`"), RequestsQuery),
    responses((status = 200, body = RequestsBody, description = "A page"), Problem),
    security(("bearer" = []))
)]
pub(super) async fn list(
    State(directory): State<Directory>,
    subject: Subject,
    Query(query): Query<RequestsQuery>,
) -> Result<Json<RequestsBody>, Problem> {
    let list = match query.direction {
        Direction::Incoming => List::Incoming,
        Direction::Outgoing => List::Outgoing,
    };
    let name = lists::name(list, &subject.user);
    let page = Page::new(query.limit, query.cursor.as_deref(), &name)?;
    let (entries, next_cursor) = lists::read(&directory, list, &subject.user, &page).await?;
    let requests = entries.into_iter().map(|entry| RequestBody {
        id: entry.other.to_string(),
        display_name: (list == List::Incoming).then(|| entry.name.as_str().to_owned()),
        since_ms: entry.since.0,
    });
    Ok(Json(RequestsBody { requests: requests.collect(), next_cursor }))
}

/// Accepts the other's request.
#[utoipa::path(
    post,
    path = "/v1/users/{user}/friend-requests/{other}/accept",
    tag = "friend requests",
    params(("user" = String, Path, description = "An id, or `me`"), ("other" = String, Path)),
    responses((status = 204, description = "They are friends"), Problem),
    security(("bearer" = []))
)]
pub(super) async fn accept(
    State(directory): State<Directory>,
    subject: Subject,
    Other(other): Other,
) -> Result<StatusCode, Problem> {
    directory.relate(Verb::Accept, &subject.user, &other).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Declines the other's request.
#[utoipa::path(
    post,
    path = "/v1/users/{user}/friend-requests/{other}/decline",
    tag = "friend requests",
    params(("user" = String, Path, description = "An id, or `me`"), ("other" = String, Path)),
    responses((status = 204, description = "There is no request from them"), Problem),
    security(("bearer" = []))
)]
pub(super) async fn decline(
    State(directory): State<Directory>,
    subject: Subject,
    Other(other): Other,
) -> Result<StatusCode, Problem> {
    directory.relate(Verb::Decline, &subject.user, &other).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes an own request back.
#[utoipa::path(
    delete,
    path = "/v1/users/{user}/friend-requests/{other}",
    tag = "friend requests",
    params(("user" = String, Path, description = "An id, or `me`"), ("other" = String, Path)),
    responses((status = 204, description = "There is no request to them"), Problem),
    security(("bearer" = []))
)]
pub(super) async fn cancel(
    State(directory): State<Directory>,
    subject: Subject,
    Other(other): Other,
) -> Result<StatusCode, Problem> {
    directory.relate(Verb::Cancel, &subject.user, &other).await?;
    Ok(StatusCode::NO_CONTENT)
}
