use api::{DataSubject, Json, Problem};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::failed;
use crate::History;

/// What a user has chosen.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SettingsBody {
    /// Whether what their phones send is kept.
    enabled: bool,
}

/// Whether a user's history is on; it is, unless they turned it off.
#[utoipa::path(
    get,
    operation_id = "get_track_settings",
    path = "/v1/users/{user}/track/settings",
    tag = "history",
    params(("user" = String, Path, description = "An id, or `me`")),
    responses((status = 200, body = SettingsBody, description = "As it is"), Problem),
    security(("bearer" = []))
)]
pub(super) async fn get(
    State(history): State<History>,
    DataSubject(user): DataSubject,
) -> Result<Json<SettingsBody>, Problem> {
    let record = history.record(&user).await.map_err(failed)?;
    Ok(Json(SettingsBody { enabled: !record.off_times.is_off() }))
}

/// Turns a user's history off or on. What was kept stays, until it is erased; what is sent while it is off is never kept.
#[utoipa::path(
    put,
    operation_id = "put_track_settings",
    path = "/v1/users/{user}/track/settings",
    tag = "history",
    params(("user" = String, Path, description = "An id, or `me`")),
    responses((status = 200, body = SettingsBody, description = "As it is now"), Problem),
    security(("bearer" = []))
)]
pub(super) async fn put(
    State(history): State<History>,
    DataSubject(user): DataSubject,
    Json(body): Json<SettingsBody>,
) -> Result<Json<SettingsBody>, Problem> {
    history.set_off(&user, !body.enabled).await.map_err(failed)?;
    Ok(Json(body))
}
