//! The REST endpoints of businesses: the searches under `/v1/search`, everything else under `/v1/businesses`.
//!
//! Whoever has a token may search and read; a business is changed by its owner or an operator. A service is an owner
//! like any other: it speaks for nobody's business but its own.
//!
//! Writes answer with the header `x-freshness`: a read that sends it back sees them, wherever it is served.

mod body;
mod businesses;
mod changes;
pub(crate) mod cursor;
mod density;
mod described;
mod export;
mod fields;
mod nearby;
mod owned;
mod owner;
mod page;
mod patch_body;
mod request;

use api::{AppState, Context, json_routes};
use axum::extract::FromRef;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Proximity;
pub use body::DraftBody;
pub use request::FRESHNESS;

impl FromRef<AppState<Proximity>> for Proximity {
    fn from_ref(state: &AppState<Self>) -> Self {
        state.part.clone()
    }
}

/// All routes of businesses, described.
pub fn router(proximity: Proximity, context: Context) -> OpenApiRouter {
    let router = OpenApiRouter::new()
        .routes(routes!(nearby::search))
        .routes(routes!(density::search))
        .routes(routes!(businesses::create, owned::list))
        .routes(routes!(changes::list))
        .routes(routes!(
            businesses::get,
            businesses::replace,
            businesses::change,
            businesses::remove
        ))
        .routes(routes!(owner::put));
    json_routes(router).with_state(AppState { part: proximity, context })
}
