use api::{Json, PageQuery, Problem, Query};
use axum::extract::State;
use http::StatusCode;
use model::{Role, ViewerClass};
use serde::Serialize;
use utoipa::ToSchema;

use super::known::forbidden;
use super::{Other, Subject, lists};
use crate::{Directory, List, Verb};

/// A friend.
#[derive(Serialize, ToSchema)]
pub(super) struct FriendBody {
    /// Who.
    #[schema(example = "bob")]
    id: String,
    /// The name to show.
    display_name: String,
    /// Friends since, Unix milliseconds.
    since_ms: i64,
    /// How precisely the user may see them.
    #[schema(example = "precise")]
    class: &'static str,
}

/// A page of friends, in the order of ids.
#[derive(Serialize, ToSchema)]
pub(super) struct FriendsBody {
    friends: Vec<FriendBody>,
    /// For the next page; null on the last one.
    next_cursor: Option<String>,
}

/// Lists a user's friends.
#[utoipa::path(
    get,
    operation_id = "list_friends",
    path = "/v1/users/{user}/friends",
    tag = "friends",
    params(("user" = String, Path, description = "An id, or `me`"), PageQuery),
    responses((status = 200, body = FriendsBody, description = "A page"), Problem),
    security(("bearer" = []))
)]
pub(super) async fn list(
    State(directory): State<Directory>,
    subject: Subject,
    Query(query): Query<PageQuery>,
) -> Result<Json<FriendsBody>, Problem> {
    let page = query.page(&lists::name(List::Friends, &subject.user))?;
    let (entries, next_cursor) =
        lists::read(&directory, List::Friends, &subject.user, &page).await?;
    let friends = entries.into_iter().map(|entry| FriendBody {
        id: entry.other.to_string(),
        display_name: entry.name.as_str().to_owned(),
        since_ms: entry.since.0,
        class: ViewerClass::Precise.as_str(),
    });
    Ok(Json(FriendsBody { friends: friends.collect(), next_cursor }))
}

/// Makes two users friends in one step. Services only; both must exist.
#[utoipa::path(
    put,
    operation_id = "befriend",
    path = "/v1/users/{user}/friends/{other}",
    tag = "friends",
    params(("user" = String, Path), ("other" = String, Path)),
    responses((status = 204, description = "They are friends"), Problem),
    security(("bearer" = []))
)]
pub(super) async fn put(
    State(directory): State<Directory>,
    subject: Subject,
    Other(other): Other,
) -> Result<StatusCode, Problem> {
    if subject.caller.role != Role::Service {
        return Err(forbidden("only services make friendships in one step; send a friend request"));
    }
    directory.relate(Verb::Befriend, &subject.user, &other).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends a friendship.
#[utoipa::path(
    delete,
    operation_id = "end_friendship",
    path = "/v1/users/{user}/friends/{other}",
    tag = "friends",
    params(("user" = String, Path, description = "An id, or `me`"), ("other" = String, Path)),
    responses((status = 204, description = "They aren't friends"), Problem),
    security(("bearer" = []))
)]
pub(super) async fn delete(
    State(directory): State<Directory>,
    subject: Subject,
    Other(other): Other,
) -> Result<StatusCode, Problem> {
    directory.relate(Verb::Remove, &subject.user, &other).await?;
    Ok(StatusCode::NO_CONTENT)
}
