use serde::Deserialize;
use serde::de::{Deserialize as De, Deserializer};
use utoipa::ToSchema;

use super::body::{Attributes, IntervalBody, READ_ONLY, checked_hours};
use crate::core::catalogue::patch::{HoursPart, PatchDraft, PositionPart};
use crate::{Edit, OpeningHours, Patch};

/// What is to be different of a place.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PointPatch {
    /// Degrees north, -90 to 90.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = f64, required = false, minimum = -90, maximum = 90, example = 36.1699)]
    latitude: Option<f64>,
    /// Degrees east, -180 to 180.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = f64, required = false, minimum = -180, maximum = 180, example = -115.1398)]
    longitude: Option<f64>,
}

/// What is to be different of the hours; where none are on record, all of them.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HoursPatch {
    /// The IANA name of the time zone.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, required = false, example = "America/Los_Angeles")]
    time_zone: Option<String>,
    /// All of the week, at most 42.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Vec<IntervalBody>, required = false, max_items = 42)]
    week: Option<Vec<IntervalBody>>,
}

/// What is to be different (RFC 7396): what is left out stays, objects within this one too; null takes away; a list is replaced.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PatchBody {
    /// 1 to 200 characters.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, nullable = false)]
    name: Option<String>,
    /// All of them.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<String>>, nullable = false, min_items = 1, max_items = 5)]
    categories: Option<Vec<String>>,
    /// Where it is, in words.
    #[serde(default, deserialize_with = "edit")]
    #[schema(value_type = Option<String>)]
    address: Edit<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<PointPatch>)]
    position: Option<PointPatch>,
    #[serde(default, deserialize_with = "edit")]
    #[schema(value_type = Option<HoursPatch>)]
    opening_hours: Edit<HoursPatch>,
    /// How to call it.
    #[serde(default, deserialize_with = "edit")]
    #[schema(value_type = Option<String>)]
    phone: Edit<String>,
    /// Its site.
    #[serde(default, deserialize_with = "edit")]
    #[schema(value_type = Option<String>)]
    site: Edit<String>,
    /// Attributes to be set; those that are null are taken away, others stay. Null takes all away.
    #[serde(default, deserialize_with = "edit")]
    #[schema(value_type = Option<std::collections::HashMap<String, Option<String>>>)]
    attributes: Edit<Attributes<Option<String>>>,
}

impl api::ReadOnly for PatchBody {
    const NAMES: &'static [&'static str] = READ_ONLY;
}

/// Refuses null where there is nothing to be taken away.
fn given<'de, D: Deserializer<'de>, T: De<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Tells a field that is null from one that is left out.
fn edit<'de, D: Deserializer<'de>, T: De<'de>>(deserializer: D) -> Result<Edit<T>, D::Error> {
    Option::deserialize(deserializer).map(|value| value.map_or(Edit::Clear, Edit::Set))
}

impl PatchBody {
    pub(super) fn check(self) -> Result<Patch, String> {
        let PointPatch { latitude, longitude } =
            self.position.unwrap_or(PointPatch { latitude: None, longitude: None });
        let position = PositionPart::new(latitude, longitude);
        let (hours, hours_part) = match self.opening_hours {
            Edit::Keep => (Edit::Keep, None),
            Edit::Clear => (Edit::Clear, None),
            Edit::Set(hours) => hours.check()?,
        };
        let clears_attributes = matches!(self.attributes, Edit::Clear);
        let attributes = match self.attributes {
            Edit::Set(attributes) => attributes.0,
            Edit::Keep | Edit::Clear => Attributes::default().0,
        };
        let draft = PatchDraft {
            name: self.name,
            categories: self.categories,
            address: self.address,
            position: None,
            position_part: Some(position.map_err(|fault| format!("position: {fault}"))?),
            hours,
            hours_part,
            phone: self.phone,
            site: self.site,
            clears_attributes,
            attributes,
        };
        draft.check().map_err(|fault| fault.to_string())
    }
}

impl HoursPatch {
    /// All of them, or what is said of them.
    fn check(self) -> Result<(Edit<OpeningHours>, Option<HoursPart>), String> {
        let Self { time_zone, week } = self;
        // What isn't said can't be wrong.
        let hours = checked_hours(
            time_zone.as_deref().unwrap_or("UTC"),
            week.as_deref().unwrap_or_default(),
        )?;
        if time_zone.is_some() && week.is_some() {
            return Ok((Edit::Set(hours), None));
        }
        let part = HoursPart {
            zone: time_zone.map(|_| hours.zone().to_owned()),
            week: week.map(|_| hours.intervals().to_vec()),
        };
        Ok((Edit::Keep, Some(part)))
    }
}
