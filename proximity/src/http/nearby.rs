use api::{Authenticated, Json, Problem, Query, Work};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use model::{Metres, Position, Timestamp};
use serde::Deserialize;
use utoipa::IntoParams;

use super::businesses::VARY;
use super::cursor;
use super::described::FreshHeader;
use super::fields::{Fields, NearbyBody};
use super::request::{Fresh, invalid};
use crate::core::limits::RESULTS_DEFAULT;
use crate::{CategoryKey, Detail, Limits, Proximity, Query as Search};

/// Kept for seconds only, as replicas lag: a phone that asks again at once needn't.
pub(super) const BRIEFLY: &str = "private, max-age=5";

/// Times that are meant in milliseconds: from 1973, below which they were seconds, to the year 9999.
const TIMES_MS: std::ops::RangeInclusive<i64> = 100_000_000_000..=253_402_300_799_999;

/// What is searched for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct NearbyQuery {
    /// Degrees north.
    #[param(minimum = -90, maximum = 90, example = 36.1699)]
    latitude: f64,
    /// Degrees east.
    #[param(minimum = -180, maximum = 180, example = -115.1398)]
    longitude: f64,
    /// Metres.
    #[param(minimum = 1, maximum = 20_000, default = 5_000)]
    radius: Option<f64>,
    /// Only those of this category, `Group / Kind`, or of this group. One that no business ever had is refused (`unknown_category`).
    category: Option<String>,
    /// Only those known to be open then, Unix milliseconds.
    #[param(value_type = Option<i64>)]
    open_at: Option<String>,
    /// The most businesses to answer with.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100, default = 20)]
    limit: Option<String>,
    /// `next_cursor` of the page before, with the same other parameters; absent for the first page.
    cursor: Option<String>,
    /// Whether to say how many there are on all pages.
    #[param(default = false)]
    total: Option<bool>,
    /// What to tell of each besides `id` and `distance_m`, by commas: `name`, `position`, `categories`, `address`,
    /// `opening_hours`, `phone`, `site`, `attributes`, `version`.
    #[param(default = "name,position")]
    fields: Option<String>,
}

/// The businesses within a radius of a point, nearest first.
#[utoipa::path(
    get,
    operation_id = "search_nearby",
    path = "/v1/search/nearby",
    tag = "search",
    params(NearbyQuery, FreshHeader),
    responses(
        (status = 200, body = NearbyBody, description = "A page; 413 `too_expensive`: takes too long, ask for less"),
        Problem,
    ),
    security(("bearer" = []))
)]
pub(super) async fn search(
    State(proximity): State<Proximity>,
    _caller: Authenticated,
    Fresh(fresh): Fresh,
    mut work: Work,
    Query(query): Query<NearbyQuery>,
) -> Result<Response, Problem> {
    let fields = Fields::parse(query.fields.as_deref())?;
    let search = query.search(&proximity.limits())?;
    let after = query.cursor.as_deref().map(|text| cursor::decode(text, &search)).transpose()?;
    let found = proximity.nearby(&search, after, fields.detail(), fresh, &mut work).await?;
    let total = match query.total {
        Some(true) => Some(proximity.total(&search, Some(found.as_of), &mut work).await?),
        _ => None,
    };
    let next = found.next.map(|cursor| cursor::encode(&cursor, &search));
    let headers = [
        (header::CACHE_CONTROL, HeaderValue::from_static(BRIEFLY)),
        (header::VARY, HeaderValue::from_static(VARY)),
    ];
    let answer = match fields.detail() {
        Detail::Full => Json(fields.body(&found.hits, next, total)).into_response(),
        _ => fields.plain(&found.hits, next.as_deref(), total).into_response(),
    };
    Ok((headers, answer).into_response())
}

impl NearbyQuery {
    fn search(&self, limits: &Limits) -> Result<Search, Problem> {
        let centre = Position::new(self.latitude, self.longitude)
            .map_err(|fault| invalid("invalid_position", fault.to_string()))?;
        let radius = Metres(self.radius.unwrap_or_else(|| f64::from(limits.radius_m_default)));
        let limit = self.limit.as_deref().map_or(Some(RESULTS_DEFAULT), whole);
        // Too large for a number is too large for a page.
        let search = Search::new(centre, radius, limit.unwrap_or(0), limits);
        let search = search.map_err(crate::Error::Refused)?;
        let category = self.category.as_deref().map(CategoryKey::parse).transpose();
        let category =
            category.map_err(|fault| invalid("invalid_category", format!("category {fault}")))?;
        Ok(search.of_category(category).open_at(self.open_at()?))
    }

    fn open_at(&self) -> Result<Option<Timestamp>, Problem> {
        let Some(text) = self.open_at.as_deref() else { return Ok(None) };
        match api::time_parameter(text, f64::floor).filter(|ms| TIMES_MS.contains(ms)) {
            Some(ms) => Ok(Some(Timestamp(ms))),
            None => Err(invalid("invalid_open_at", "open_at must be Unix milliseconds")),
        }
    }
}

/// A whole number of this type.
pub(super) fn whole<T: TryFrom<i64>>(text: &str) -> Option<T> {
    api::whole_parameter(text).and_then(|number| T::try_from(number).ok())
}
