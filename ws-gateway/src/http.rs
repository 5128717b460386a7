//! The gateway's endpoints: the WebSocket, and the same list of friends without one.

use std::sync::Arc;

use api::{AppState, Authenticated, Context, Problem, Query, Work};
use axum::Json;
use axum::extract::State;
use axum::routing::get;
use model::{Ecef, ErrorChain, ErrorKind, Metres, distance};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::live::{self, Channel};
use crate::service::Gateway;
use crate::session::record::{Presence, Sighting};
use crate::session::view::hysteresis::Hysteresis;
use crate::transport::handshake;

/// Friends in one answer, unless asked for otherwise.
const LIMIT_DEFAULT: usize = 100;

/// The most friends in one answer.
const LIMIT_MAX: usize = 500;

/// Friends whose positions are read at once; then other requests have their turn.
const READ_MAX: usize = 500;

/// What it costs to read and measure where a friend is, in units of [`Work`].
const FRIEND_COST: u64 = 2;

/// When a failed request may be repeated.
const RETRY_MS: u64 = 1_000;

/// `/v1/ws` and `/v1/friends/nearby`.
pub fn router(gateway: Arc<Gateway>, context: Context) -> OpenApiRouter {
    let rest = api::json_routes(OpenApiRouter::new().routes(routes!(nearby)));
    rest.route("/v1/ws", get(handshake::upgrade)).with_state(AppState { part: gateway, context })
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct NearbyQuery {
    /// How many friends at most, the nearest first: 1 … 500.
    #[param(value_type = Option<usize>, default = 100, minimum = 1, maximum = 500)]
    limit: Option<String>,
}

/// Friends within the radius, as a snapshot over the WebSocket would list them.
#[derive(Serialize, ToSchema)]
struct Nearby {
    /// Changes when positions may have been lost.
    epoch: String,
    /// The server's clock, Unix milliseconds.
    time_ms: i64,
    /// The caller's radius, metres.
    radius_m: f64,
    /// Whether the caller's own position is known; if not, nobody can be near.
    located: bool,
    /// The nearest first.
    friends: Vec<Friend>,
    /// Whether there are more than the limit.
    more: bool,
}

/// A friend and where they are.
#[derive(Serialize, ToSchema)]
struct Friend {
    /// Who.
    id: String,
    /// How precisely the caller may see them.
    #[schema(example = "precise")]
    class: &'static str,
    /// Degrees north.
    latitude: f64,
    /// Degrees east.
    longitude: f64,
    /// From the caller, along the ellipsoid, metres.
    distance_m: f64,
    /// Effective time of the fix, Unix milliseconds.
    time_ms: i64,
    /// How long ago that was, milliseconds.
    age_ms: i64,
    /// Names the fix; compare for equality only.
    version: String,
    /// Radius of uncertainty, metres.
    #[serde(skip_serializing_if = "Option::is_none")]
    accuracy_m: Option<f64>,
    /// Above the ellipsoid, metres.
    #[serde(skip_serializing_if = "Option::is_none")]
    altitude_m: Option<f64>,
    /// Metres per second over ground.
    #[serde(skip_serializing_if = "Option::is_none")]
    speed_mps: Option<f64>,
    /// Degrees clockwise from true north.
    #[serde(skip_serializing_if = "Option::is_none")]
    heading_deg: Option<f64>,
}

/// Friends nearby, once
///
/// The snapshot of the WebSocket without one: who is within the caller's radius now.
#[utoipa::path(
    get,
    path = "/v1/friends/nearby",
    tag = "live",
    params(NearbyQuery),
    responses((status = 200, description = "Friends within the radius", body = Nearby), Problem),
    security(("bearer" = []))
)]
async fn nearby(
    State(AppState { part: gateway, .. }): State<AppState<Arc<Gateway>>>,
    Authenticated(caller): Authenticated,
    mut work: Work,
    Query(query): Query<NearbyQuery>,
) -> Result<Json<Nearby>, Problem> {
    let limit = query.limit.as_deref().map_or(Some(LIMIT_DEFAULT), |text| {
        api::whole_parameter(text).and_then(|limit| usize::try_from(limit).ok())
    });
    let limit = limit.ok_or_else(|| {
        let detail = "limit must be a whole number, at least 0";
        Problem::new(ErrorKind::Invalid, "invalid_parameter", detail)
    })?;
    if !(1..=LIMIT_MAX).contains(&limit) {
        let detail = format!("limit must be from 1 to {LIMIT_MAX}");
        return Err(Problem::new(ErrorKind::Invalid, "invalid_query", detail));
    }
    let unavailable = |error: live::Error| {
        tracing::warn!(error = %ErrorChain(&error), "friends nearby can't be read");
        let detail = "positions or friends can't be read now";
        Problem::new(error.kind(), "unavailable", detail).retry_after_ms(RETRY_MS)
    };
    let circle = gateway.deps.friends.circle(caller.user.clone()).await.map_err(unavailable)?;
    let radius = circle.radius;
    let me = Channel::precise(caller.user);
    let mut own = gateway.live.read(vec![me]).await.map_err(unavailable)?;
    let me = own.pop().flatten().and_then(|s| s.record.ecef());
    let mut near = Vec::new();
    for part in circle.friends.chunks(READ_MAX) {
        work.spend(FRIEND_COST * part.len() as u64).await?;
        let channels = part.iter().cloned().map(Channel::precise).collect();
        let sightings = gateway.live.read(channels).await.map_err(unavailable)?;
        near.extend(me.into_iter().flat_map(|me| within(me, radius, &sightings)));
    }
    near.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.record.user.cmp(&b.1.record.user)));
    let more = near.len() > limit;
    let time_ms = gateway.now().wall.0;
    let friends = near.iter().take(limit);
    let friends = friends.filter_map(|(metres, it)| Friend::new(*metres, it, time_ms)).collect();
    let epoch = gateway.live.epoch();
    Ok(Json(Nearby { epoch, time_ms, radius_m: radius.0, located: me.is_some(), friends, more }))
}

/// Those of the sightings that are within the radius, with their distances in metres, to the decimetre.
fn within(me: Ecef, radius: Metres, sightings: &[Option<Sighting>]) -> Vec<(f64, Sighting)> {
    let hysteresis = Hysteresis::new(radius);
    let near = sightings.iter().flatten().filter_map(|sighting| {
        let metres = distance(me, sighting.record.ecef()?);
        let is_near = hysteresis.holds(metres, false);
        is_near.then(|| ((metres.0 * 10.0).round() / 10.0, sighting.clone()))
    });
    near.collect()
}

impl Friend {
    /// Nobody if they have signed off.
    fn new(distance_m: f64, sighting: &Sighting, time_ms: i64) -> Option<Self> {
        let record = &sighting.record;
        let Presence::Here(fix) = record.presence else { return None };
        Some(Self {
            id: record.user.to_string(),
            class: record.class.as_str(),
            latitude: fix.position.latitude(),
            longitude: fix.position.longitude(),
            distance_m,
            time_ms: record.version.effective.0,
            age_ms: (time_ms - record.version.effective.0).max(0),
            version: record.version.opaque(),
            accuracy_m: fix.accuracy_m,
            altitude_m: fix.altitude_m,
            speed_mps: fix.speed_mps,
            heading_deg: fix.heading_deg,
        })
    }
}
