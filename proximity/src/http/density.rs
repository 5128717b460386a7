use api::{Authenticated, Json, Problem, Query, Work};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::businesses::VARY;
use super::described::FreshHeader;
use super::nearby::{BRIEFLY, whole};
use super::request::{Fresh, invalid};
use crate::{
    HEXAGONS_CHOSEN_MAX, HEXAGONS_MAX, Hexagon, HexagonRange, Proximity, Resolution, Viewport,
};

/// Which part of the world is looked at, and how closely.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct DensityQuery {
    /// The southern edge, degrees north; not above `north`.
    #[param(minimum = -90, maximum = 90, example = 36.0)]
    south: f64,
    /// The western edge, degrees east; greater than `east` if the antimeridian is between them.
    #[param(minimum = -180, maximum = 180, example = -115.3)]
    west: f64,
    /// The northern edge, degrees north.
    #[param(minimum = -90, maximum = 90, example = 36.3)]
    north: f64,
    /// The eastern edge, degrees east.
    #[param(minimum = -180, maximum = 180, example = -115.0)]
    east: f64,
    /// The resolution of H3; absent: the finest at which no more than 500 cells cover the viewport.
    #[param(value_type = Option<u8>, minimum = 0, maximum = 11)]
    resolution: Option<String>,
}

/// A cell of H3 with businesses in it.
#[derive(Serialize, ToSchema)]
pub(super) struct CellBody {
    /// The index of H3, hexadecimal.
    #[schema(example = "872986b1affffff")]
    cell: String,
    /// How many there are in all of the cell, of all categories, also outside of the viewport.
    businesses: u64,
}

/// The cells that overlap a viewport and have businesses, in the order of their indexes. A cell beside the viewport, no
/// farther away than it is wide, may be among them.
#[derive(Serialize, ToSchema)]
pub(super) struct DensityBody {
    /// Of all cells.
    resolution: u8,
    cells: Vec<CellBody>,
}

/// How many businesses there are in each H3 cell of a viewport.
#[utoipa::path(
    get,
    operation_id = "search_density",
    path = "/v1/search/density",
    tag = "search",
    params(DensityQuery, FreshHeader),
    responses(
        (status = 200, body = DensityBody, description = "The cells; 400 `too_many_cells`: over 4,096, ask for a coarser resolution"),
        Problem,
    ),
    security(("bearer" = []))
)]
pub(super) async fn search(
    State(proximity): State<Proximity>,
    _caller: Authenticated,
    Fresh(fresh): Fresh,
    mut work: Work,
    Query(query): Query<DensityQuery>,
) -> Result<Response, Problem> {
    let (resolution, cover) = query.cover()?;
    let found = proximity.density(cover, fresh, &mut work).await?;
    let cell = |(cell, businesses): (Hexagon, u64)| CellBody { cell: cell.to_string(), businesses };
    let cells = found.into_iter().map(cell).collect();
    let body = DensityBody { resolution: resolution.number(), cells };
    let headers = [(header::CACHE_CONTROL, BRIEFLY), (header::VARY, VARY)];
    Ok((headers, Json(body)).into_response())
}

impl DensityQuery {
    fn cover(&self) -> Result<(Resolution, Vec<HexagonRange>), Problem> {
        let viewport = Viewport::new(self.south, self.west, self.north, self.east)
            .map_err(|fault| invalid("invalid_viewport", fault.to_string()))?;
        let resolution = self.resolution()?.unwrap_or_else(|| viewport.finest(HEXAGONS_CHOSEN_MAX));
        let cover = viewport.cover(resolution).ok_or_else(|| {
            let (asked, fits) = (resolution.number(), viewport.finest(HEXAGONS_MAX).number());
            let detail = format!(
                "the viewport has more than {HEXAGONS_MAX} cells of resolution {asked}; \
                 resolution {fits} or a coarser one would do"
            );
            invalid("too_many_cells", detail)
        })?;
        Ok((resolution, cover))
    }

    fn resolution(&self) -> Result<Option<Resolution>, Problem> {
        let Some(text) = self.resolution.as_deref() else { return Ok(None) };
        let known = whole(text).and_then(Resolution::new).ok_or_else(|| {
            let finest = Resolution::MAX.number();
            invalid("invalid_resolution", format!("resolution must be from 0 to {finest}"))
        });
        known.map(Some)
    }
}
