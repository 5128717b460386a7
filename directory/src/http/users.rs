use api::{Json, PathParams, Problem, ReadBack, ReadOnly};
use axum::extract::State;
use http::StatusCode;
use model::ErrorKind;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{KnownCaller, Subject};
use crate::{Directory, DisplayName, Outcome, Refusal, User};

/// A user as others may see them.
#[derive(Serialize, ToSchema)]
pub(super) struct UserBody {
    /// Who.
    #[schema(example = "alice")]
    id: String,
    /// The name to show.
    display_name: String,
    /// The radius they chose, metres; absent if none, and for friends.
    #[serde(skip_serializing_if = "Option::is_none")]
    radius_m: Option<u32>,
    /// When they were first seen, Unix milliseconds; absent for friends.
    #[serde(skip_serializing_if = "Option::is_none")]
    created_ms: Option<i64>,
}

impl UserBody {
    pub(super) fn in_full(user: &User) -> Self {
        let created_ms = Some(user.created.0);
        Self { radius_m: user.radius_m, created_ms, ..Self::for_friends(user) }
    }

    fn for_friends(user: &User) -> Self {
        let display_name = user.name.as_str().to_owned();
        Self { id: user.id.to_string(), display_name, radius_m: None, created_ms: None }
    }
}

/// What a user is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PutUser {
    /// 1 to 100 characters, without control characters.
    #[schema(min_length = 1, max_length = 100)]
    display_name: String,
}

impl ReadOnly for PutUser {
    const NAMES: &'static [&'static str] = &["id", "radius_m", "created_ms"];
}

/// A radius.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RadiusBody {
    /// Metres.
    #[schema(value_type = u32, minimum = 100, maximum = 50_000)]
    radius_m: Value,
}

/// Makes a user, or renames one.
#[utoipa::path(
    put,
    operation_id = "put_user",
    path = "/v1/users/{user}",
    tag = "users",
    params(("user" = String, Path, description = "An id, or `me`")),
    responses(
        (status = 200, body = UserBody, description = "Existed; has this name now"),
        (status = 201, body = UserBody, description = "Made"),
        Problem,
    ),
    security(("bearer" = []))
)]
pub(super) async fn put(
    State(directory): State<Directory>,
    subject: Subject,
    sent: ReadBack<PutUser>,
) -> Result<(StatusCode, Json<UserBody>), Problem> {
    if sent.says_read_only() {
        let known = directory.user(&subject.user).await?;
        sent.check(known.as_ref().map(UserBody::in_full).as_ref())?;
    }
    let body = sent.body;
    let name = DisplayName::parse(&body.display_name).map_err(|fault| {
        Problem::new(ErrorKind::Invalid, "invalid_display_name", fault.to_string())
    })?;
    let status = match directory.put_user(&subject.user, name).await? {
        Outcome::Created => StatusCode::CREATED,
        Outcome::Changed | Outcome::Unchanged => StatusCode::OK,
    };
    let user = directory.user(&subject.user).await?.ok_or_else(no_such_user)?;
    Ok((status, Json(UserBody::in_full(&user))))
}

/// What is known of a user; friends see the name only.
#[utoipa::path(
    get,
    operation_id = "get_user",
    path = "/v1/users/{user}",
    tag = "users",
    params(("user" = String, Path, description = "An id, or `me`")),
    responses((status = 200, body = UserBody, description = "The user"), Problem),
    security(("bearer" = []))
)]
pub(super) async fn get(
    State(directory): State<Directory>,
    KnownCaller(caller): KnownCaller,
    params: PathParams,
) -> Result<Json<UserBody>, Problem> {
    let user = params.user("user", &caller)?;
    if caller.may_act_for(&user) {
        let found = directory.user(&user).await?.ok_or_else(no_such_user)?;
        return Ok(Json(UserBody::in_full(&found)));
    }
    // A stranger is answered as nobody.
    if !directory.relation(&caller.user, &user).await?.friend {
        return Err(no_such_user());
    }
    let found = directory.user(&user).await?.ok_or_else(no_such_user)?;
    Ok(Json(UserBody::for_friends(&found)))
}

fn no_such_user() -> Problem {
    crate::Error::Refused(Refusal::NoSuchUser).into()
}

/// Sets how far a user sees.
#[utoipa::path(
    put,
    path = "/v1/users/{user}/radius",
    tag = "users",
    params(("user" = String, Path, description = "An id, or `me`")),
    responses((status = 200, body = RadiusBody, description = "The radius now"), Problem),
    security(("bearer" = []))
)]
pub(super) async fn put_radius(
    State(directory): State<Directory>,
    subject: Subject,
    Json(body): Json<RadiusBody>,
) -> Result<Json<RadiusBody>, Problem> {
    // The settings say from where to where: no radius is out of that, as is what is no whole number.
    let metres = body.radius_m.as_u64().and_then(|metres| u32::try_from(metres).ok()).unwrap_or(0);
    directory.set_radius(&subject.user, Some(metres)).await?;
    Ok(Json(body))
}

/// Goes back to the deployment's radius.
#[utoipa::path(
    delete,
    path = "/v1/users/{user}/radius",
    tag = "users",
    params(("user" = String, Path, description = "An id, or `me`")),
    responses((status = 204, description = "The radius is the deployment's"), Problem),
    security(("bearer" = []))
)]
pub(super) async fn delete_radius(
    State(directory): State<Directory>,
    subject: Subject,
) -> Result<StatusCode, Problem> {
    directory.set_radius(&subject.user, None).await?;
    Ok(StatusCode::NO_CONTENT)
}
