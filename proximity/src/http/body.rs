use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use api::Whole;
use model::{Caller, Position, Role};
use serde::de::{self, Deserialize as De, Deserializer, MapAccess};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Business, Details, Draft, Interval, OpeningHours};

/// A place on Earth.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PointBody {
    /// Degrees north, -90 to 90.
    #[schema(minimum = -90, maximum = 90, example = 36.1699)]
    pub(super) latitude: f64,
    /// Degrees east, -180 to 180.
    #[schema(minimum = -180, maximum = 180, example = -115.1398)]
    pub(super) longitude: f64,
}

impl From<Position> for PointBody {
    fn from(position: Position) -> Self {
        Self { latitude: position.latitude(), longitude: position.longitude() }
    }
}

impl PointBody {
    fn check(self) -> Result<Position, String> {
        Position::new(self.latitude, self.longitude).map_err(|fault| format!("position: {fault}"))
    }
}

/// When a business is open in every week; no intervals: never.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HoursBody {
    /// The IANA name of its time zone.
    #[schema(example = "America/Los_Angeles")]
    time_zone: String,
    /// At most 42.
    #[schema(max_items = 42)]
    week: Vec<IntervalBody>,
}

/// A time of every week, by the clocks of the place.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct IntervalBody {
    /// The day on which it begins, 1 (Monday) to 7 (Sunday).
    #[schema(value_type = u8, minimum = 1, maximum = 7)]
    day: Whole<1, 7>,
    /// 00:00 to 23:59.
    #[schema(example = "18:00")]
    opens: String,
    /// 00:00 to 24:00; not after `opens`: on the next day.
    #[schema(example = "02:00")]
    closes: String,
}

impl From<&OpeningHours> for HoursBody {
    fn from(hours: &OpeningHours) -> Self {
        let clock = |min: u16| format!("{:02}:{:02}", min / 60, min % 60);
        let week = hours.intervals().iter().map(|interval| IntervalBody {
            day: Whole(interval.day.into()),
            opens: clock(interval.opens_min),
            closes: clock(interval.closes_min),
        });
        Self { time_zone: hours.zone().to_owned(), week: week.collect() }
    }
}

impl HoursBody {
    fn check(&self) -> Result<OpeningHours, String> {
        checked_hours(&self.time_zone, &self.week)
    }
}

/// The hours, if they can be.
pub(super) fn checked_hours(zone: &str, week: &[IntervalBody]) -> Result<OpeningHours, String> {
    let parsed = |it: &IntervalBody| {
        // No day is 0, nor one that is larger.
        let day = u8::try_from(it.day.0).unwrap_or(0);
        Interval::parse(day, &it.opens, &it.closes)
    };
    let week = week.iter().map(parsed).collect::<Result<_, _>>();
    let hours = week.and_then(|week| OpeningHours::new(zone, week));
    hours.map_err(|fault| format!("opening_hours: {fault}"))
}

/// Attributes by their keys, each once.
#[derive(Debug, Clone, Default)]
pub(super) struct Attributes<V>(pub(super) BTreeMap<String, V>);

impl<'de, V: De<'de>> De<'de> for Attributes<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each<V>(PhantomData<V>);
        impl<'de, V: De<'de>> de::Visitor<'de> for Each<V> {
            type Value = Attributes<V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of texts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut all = BTreeMap::new();
                while let Some((key, value)) = map.next_entry::<String, V>()? {
                    if all.insert(key, value).is_some() {
                        return Err(de::Error::custom("a key stands twice"));
                    }
                }
                Ok(Attributes(all))
            }
        }
        deserializer.deserialize_map(Each(PhantomData))
    }
}

/// What is said of a business. Whatever is left out isn't on record.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftBody {
    /// 1 to 200 characters.
    #[schema(example = "Kelvin's Noodles")]
    name: String,
    /// 1 to 5 categories of at most 100 characters, the main one first.
    #[schema(min_items = 1, max_items = 5, example = json!(["Food & Drink / Restaurants"]))]
    categories: Vec<String>,
    /// Where it is, in words, at most 500 characters.
    #[serde(default)]
    address: Option<String>,
    position: PointBody,
    #[serde(default)]
    opening_hours: Option<HoursBody>,
    /// At most 50 characters.
    #[serde(default)]
    phone: Option<String>,
    /// `http://…` or `https://…`, at most 500 characters.
    #[serde(default)]
    site: Option<String>,
    /// Whatever else is to be known: at most 50 texts of 500 characters.
    #[serde(default)]
    #[schema(value_type = Option<std::collections::HashMap<String, String>>)]
    attributes: Option<Attributes<String>>,
}

/// What is read of a business and isn't said by those who write it.
pub(super) const READ_ONLY: &[&str] = &["id", "owner", "source", "version", "updated_ms"];

impl api::ReadOnly for DraftBody {
    const NAMES: &'static [&'static str] = READ_ONLY;
}

impl DraftBody {
    /// Checks everything; else says what is wrong, and where.
    pub fn check(self) -> Result<Details, String> {
        let draft = Draft {
            name: self.name,
            categories: self.categories,
            address: self.address,
            position: self.position.check()?,
            hours: self.opening_hours.as_ref().map(HoursBody::check).transpose()?,
            phone: self.phone,
            site: self.site,
            attributes: self.attributes.unwrap_or_default().0,
        };
        draft.check().map_err(|fault| fault.to_string())
    }
}

/// Where a business was imported from.
#[derive(Serialize, ToSchema)]
pub(super) struct SourceBody {
    /// The source.
    name: String,
    /// The place in it.
    id: String,
}

/// Everything on record about a business; what isn't on record is absent.
#[derive(Serialize, ToSchema)]
pub(super) struct BusinessBody {
    /// Given by the server.
    #[schema(example = "3k9v0c5m2x8qa")]
    id: String,
    name: String,
    /// The main one first.
    categories: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    position: PointBody,
    #[serde(skip_serializing_if = "Option::is_none")]
    opening_hours: Option<HoursBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    site: Option<String>,
    attributes: BTreeMap<String, String>,
    /// Who may change it; shown to them, services and operators only.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<SourceBody>,
    /// 1 at first, one more with every change; the `ETag`.
    version: u64,
    /// Changed last, Unix milliseconds.
    updated_ms: i64,
}

impl BusinessBody {
    /// As this caller may see it: whose a business is, is a user's own affair.
    pub(super) fn for_caller(business: &Business, caller: &Caller) -> Self {
        let Business { id, owner, source, details, version, updated, .. } = business;
        let owner = owner
            .as_ref()
            .filter(|owner| caller.role != Role::User || **owner == caller.user)
            .map(ToString::to_string);
        let text = |text: &dyn fmt::Display| text.to_string();
        Self {
            id: id.to_string(),
            name: text(&details.name),
            categories: details.categories.iter().map(ToString::to_string).collect(),
            address: details.address.as_ref().map(|it| text(it)),
            position: details.position.into(),
            opening_hours: details.hours.as_ref().map(HoursBody::from),
            phone: details.phone.as_ref().map(|it| text(it)),
            site: details.site.as_ref().map(|it| it.as_str().to_owned()),
            attributes: attributes(details),
            owner,
            source: source.as_ref().map(|it| SourceBody { name: text(&it.name), id: text(&it.id) }),
            version: *version,
            updated_ms: updated.0,
        }
    }
}

pub(super) fn attributes(details: &Details) -> BTreeMap<String, String> {
    details.attributes.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
}
