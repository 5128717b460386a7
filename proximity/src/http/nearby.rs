use std::collections::BTreeMap;

use api::{Caller, Json, Problem, Query};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use model::{Metres, Position, Timestamp};
use serde::{Deserialize, Serialize, Serializer};
use utoipa::{IntoParams, ToSchema};

use super::body::{HoursBody, PointBody, attributes};
use super::businesses::VARY;
use super::described::FreshHeader;
use super::page::PlainPage;
use super::request::{Fresh, invalid};
use crate::limits::RESULTS_DEFAULT;
use crate::{
    Address, Bookmark, BusinessId, CategoryKey, Detail, Hit, Limits, Name, Phone, Proximity,
    Query as Search, Site,
};

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

/// A business that was found; what wasn't asked for, or isn't on record, is absent.
#[derive(Serialize, ToSchema)]
pub(super) struct HitBody<'a> {
    #[schema(value_type = String)]
    #[serde(serialize_with = "as_text")]
    id: BusinessId,
    /// How far it is, metres, to the millimetre.
    #[schema(example = 123.456)]
    distance_m: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<PointBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    categories: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    opening_hours: Option<HoursBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    site: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attributes: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
}

/// A page of what was found, nearest first; equally far ones in the order of ids.
#[derive(Serialize, ToSchema)]
pub(super) struct NearbyBody<'a> {
    businesses: Vec<HitBody<'a>>,
    /// For the next page; null on the last one.
    next_cursor: Option<String>,
    /// How many there are on all pages, if asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
}

/// The businesses within a radius of a point, nearest first.
#[utoipa::path(
    get,
    operation_id = "search_nearby",
    path = "/v1/search/nearby",
    tag = "search",
    params(NearbyQuery, FreshHeader),
    responses((status = 200, body = NearbyBody, description = "A page"), Problem),
    security(("bearer" = []))
)]
pub(super) async fn search(
    State(proximity): State<Proximity>,
    _caller: Caller,
    Fresh(fresh): Fresh,
    Query(query): Query<NearbyQuery>,
) -> Result<Response, Problem> {
    let fields = Fields::parse(query.fields.as_deref())?;
    let search = query.search(&proximity.limits())?;
    let after = query.cursor.as_deref().map(|text| Bookmark::decode(text, &search)).transpose()?;
    let found = proximity.nearby(&search, after, fields.detail(), fresh).await?;
    let total = match query.total {
        Some(true) => Some(proximity.total(&search, Some(found.as_of)).await?),
        _ => None,
    };
    let next = found.next.map(|bookmark| bookmark.encode(&search));
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
        let limit = self.limit.as_deref().map_or(Some(RESULTS_DEFAULT), digits);
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
        match digits::<i64>(text).filter(|ms| TIMES_MS.contains(ms)) {
            Some(ms) => Ok(Some(Timestamp(ms))),
            None => Err(invalid("invalid_open_at", "open_at must be Unix milliseconds")),
        }
    }
}

/// Digits and nothing else, no sign either.
pub(super) fn digits<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// What can be told of a hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Name,
    Position,
    Categories,
    Address,
    OpeningHours,
    Phone,
    Site,
    Attributes,
    Version,
}

const FIELDS: [(&str, Field); 9] = [
    ("name", Field::Name),
    ("position", Field::Position),
    ("categories", Field::Categories),
    ("address", Field::Address),
    ("opening_hours", Field::OpeningHours),
    ("phone", Field::Phone),
    ("site", Field::Site),
    ("attributes", Field::Attributes),
    ("version", Field::Version),
];

/// What is to be told of each hit.
#[derive(Debug, PartialEq, Eq)]
struct Fields(Vec<Field>);

impl Fields {
    /// `id` and `distance_m` may be named too: they are told anyway.
    fn parse(text: Option<&str>) -> Result<Self, Problem> {
        let Some(text) = text else { return Ok(Self(vec![Field::Name, Field::Position])) };
        let mut fields = Vec::new();
        for word in text.split(',').filter(|word| !matches!(*word, "id" | "distance_m")) {
            let known = FIELDS.iter().find(|(name, _)| *name == word).map(|(_, field)| *field);
            let known = known.filter(|field| !fields.contains(field)).ok_or_else(|| {
                let names: Vec<_> = FIELDS.iter().map(|(name, _)| *name).collect();
                let names = names.join(", ");
                invalid("invalid_fields", format!("fields are, each once, by commas: {names}"))
            })?;
            fields.push(known);
        }
        Ok(Self(fields))
    }

    /// The least that has all of them.
    fn detail(&self) -> Detail {
        let needed = self.0.iter().map(|field| match field {
            Field::Position => 0,
            Field::Name => 1,
            _ => 2,
        });
        match needed.max() {
            None | Some(0) => Detail::Bare,
            Some(1) => Detail::Named,
            _ => Detail::Full,
        }
    }

    fn plain<'a>(
        &self,
        hits: &'a [Hit],
        next_cursor: Option<&'a str>,
        total: Option<u64>,
    ) -> PlainPage<'a> {
        let wants = |field| self.0.contains(&field);
        let (names, positions) = (wants(Field::Name), wants(Field::Position));
        PlainPage { hits, names, positions, next_cursor, total }
    }

    fn body<'a>(
        &self,
        hits: &'a [Hit],
        next_cursor: Option<String>,
        total: Option<u64>,
    ) -> NearbyBody<'a> {
        let businesses = hits.iter().map(|hit| self.of(hit)).collect();
        NearbyBody { businesses, next_cursor, total }
    }

    fn of<'a>(&self, hit: &'a Hit) -> HitBody<'a> {
        let full = hit.business.as_deref();
        let details = full.map(|business| &business.details);
        let wants = |field| self.0.contains(&field);
        let details_of = |field| details.filter(|_| wants(field));
        let name = hit.name.as_ref().or(details.map(|details| &details.name));
        HitBody {
            id: hit.id,
            distance_m: hit.distance.metres(),
            name: name.filter(|_| wants(Field::Name)).map(Name::as_str),
            position: wants(Field::Position).then(|| hit.position.into()),
            categories: details_of(Field::Categories)
                .map(|it| it.categories.iter().map(ToString::to_string).collect()),
            address: details_of(Field::Address)
                .and_then(|it| it.address.as_ref())
                .map(Address::as_str),
            opening_hours: details_of(Field::OpeningHours)
                .and_then(|it| it.hours.as_ref())
                .map(HoursBody::from),
            phone: details_of(Field::Phone).and_then(|it| it.phone.as_ref()).map(Phone::as_str),
            site: details_of(Field::Site).and_then(|it| it.site.as_ref()).map(Site::as_str),
            attributes: details_of(Field::Attributes).map(attributes),
            version: full.filter(|_| wants(Field::Version)).map(|business| business.version),
        }
    }
}

/// Straight into the answer.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn as_text<S: Serializer>(id: &BusinessId, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(id)
}

#[cfg(test)]
mod tests {
    use model::SeededRandom;

    use super::*;
    use crate::Millimetres;

    #[test]
    fn no_more_is_read_than_the_fields_need() {
        let detail = |text| Fields::parse(text).map(|fields| fields.detail());
        assert_eq!(detail(None), Ok(Detail::Named));
        assert_eq!(detail(Some("id,distance_m")), Ok(Detail::Bare));
        assert_eq!(detail(Some("position")), Ok(Detail::Bare));
        assert_eq!(detail(Some("name,phone")), Ok(Detail::Full));
        for wrong in ["", "name,", "owner", "name,name", "Name", " name"] {
            assert!(detail(Some(wrong)).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_plain_page_is_the_text_that_serde_makes_of_it() {
        let random = SeededRandom::new(7);
        let hit = |n: u64, name: &str| Hit {
            distance: Millimetres(n * 12_345),
            id: BusinessId::random(&random),
            position: Position::new(36.1 + n as f64 / 7.0, -115.0).expect("on Earth"),
            name: Name::parse(name).ok(),
            business: None,
        };
        let named = [hit(0, "A \"Bar\" \\"), hit(1, "山田"), hit(2, ""), hit(4, "\u{7f}b/")];
        for hits in [&named[..], &named[..1], &[]] {
            for fields in [None, Some("id"), Some("name"), Some("position")] {
                for (next, total) in [(None, None), (Some("bmV4dA"), Some(1_234_567))] {
                    let fields = Fields::parse(fields).expect("fields");
                    let serdes = fields.body(hits, next.map(str::to_owned), total);
                    let serdes = serde_json::to_string(&serdes).expect("JSON");
                    let plain = fields.plain(hits, next, total).text();
                    assert_eq!(String::from_utf8(plain).expect("UTF-8"), serdes);
                }
            }
        }
    }
}
