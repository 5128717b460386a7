use std::collections::BTreeMap;

use api::Problem;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use super::body::{HoursBody, PointBody, attributes};
use super::page::PlainPage;
use super::request::invalid;
use crate::{Address, BusinessId, Detail, Hit, Name, Phone, Site};

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

model::words! {
    /// What can be told of a hit.
    enum Field {
        Name = "name",
        Position = "position",
        Categories = "categories",
        Address = "address",
        OpeningHours = "opening_hours",
        Phone = "phone",
        Site = "site",
        Attributes = "attributes",
        Version = "version",
    }
}

/// What is to be told of each hit.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fields(Vec<Field>);

impl Fields {
    /// `id` and `distance_m` may be named too: they are told anyway.
    pub(super) fn parse(text: Option<&str>) -> Result<Self, Problem> {
        let Some(text) = text else { return Ok(Self(vec![Field::Name, Field::Position])) };
        let mut fields = Vec::new();
        for word in text.split(',').filter(|word| !matches!(*word, "id" | "distance_m")) {
            let known = Field::parse(word).filter(|field| !fields.contains(field));
            let known = known.ok_or_else(|| {
                let names: Vec<_> = Field::ALL.iter().map(|field| field.as_str()).collect();
                let names = names.join(", ");
                invalid("invalid_fields", format!("fields are, each once, by commas: {names}"))
            })?;
            fields.push(known);
        }
        Ok(Self(fields))
    }

    /// The least that has all of them.
    pub(super) fn detail(&self) -> Detail {
        let needed = self.0.iter().map(|field| match field {
            Field::Position => Detail::Bare,
            Field::Name => Detail::Named,
            _ => Detail::Full,
        });
        needed.max().unwrap_or(Detail::Bare)
    }

    pub(super) fn plain<'a>(
        &self,
        hits: &'a [Hit],
        next_cursor: Option<&'a str>,
        total: Option<u64>,
    ) -> PlainPage<'a> {
        let wants = |field| self.0.contains(&field);
        let (names, positions) = (wants(Field::Name), wants(Field::Position));
        PlainPage { hits, names, positions, next_cursor, total }
    }

    pub(super) fn body<'a>(
        &self,
        hits: &'a [Hit],
        next_cursor: Option<String>,
        total: Option<u64>,
    ) -> NearbyBody<'a> {
        let businesses = hits.iter().map(|hit| self.one(hit)).collect();
        NearbyBody { businesses, next_cursor, total }
    }

    fn one<'a>(&self, hit: &'a Hit) -> HitBody<'a> {
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
    use model::{Position, SeededRandom};

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
