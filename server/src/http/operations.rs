//! The endpoints for operators: is it alive, is it ready, how does it do.

use api::Context;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::problems;
use crate::metrics;
use crate::readiness::Readiness;

/// Connections to the operators' address.
pub(crate) const OPERATIONS_CONNECTIONS_MAX: usize = 16;

/// Whether this node should be sent requests.
#[derive(Serialize, ToSchema)]
struct Readout {
    /// New clients are welcome: no part is broken and the node isn't going away.
    ready: bool,
    /// The node is going away.
    draining: bool,
    /// Parts of which something is away, as it is for every node: those of its users who need that wait for it.
    degraded: Vec<&'static str>,
    /// Each part, and whether all of it works.
    parts: BTreeMap<&'static str, bool>,
}

/// `/live` and `/ready`, for balancers.
pub(crate) fn router(readiness: Readiness) -> OpenApiRouter {
    OpenApiRouter::new().routes(routes!(live)).routes(routes!(ready)).with_state(readiness)
}

/// These and `/metrics`, at an address of their own, and what its problems mean.
pub(crate) fn own_router(readiness: Readiness, context: &Context) -> Router {
    let router = router(readiness).merge(problems::router(context));
    let (router, _) = router.split_for_parts();
    api::with_middleware(router.route("/metrics", get(metrics)), context)
}

/// Alive
///
/// Answers as long as the process serves requests at all.
#[utoipa::path(get, path = "/live", tag = "operations", responses((status = 204, description = "It is")))]
async fn live() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// Ready
///
/// Whether new clients are welcome. While one of several servers is away, which concerns a part of the users at every node
/// alike, it stays so, and `degraded` and `parts` say what is missing.
#[utoipa::path(
    get,
    path = "/ready",
    tag = "operations",
    responses(
        (status = 200, description = "It is", body = Readout),
        (status = 503, description = "A part is broken, or the node is going away", body = Readout),
    )
)]
async fn ready(State(readiness): State<Readiness>) -> (StatusCode, Json<Readout>) {
    let (parts, degraded) = (readiness.parts(), readiness.degraded());
    let draining = readiness.is_draining();
    let ready = readiness.is_ready();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Readout { ready, draining, degraded, parts }))
}

/// In the text format of Prometheus.
async fn metrics() -> impl IntoResponse {
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], metrics::render())
}
