use std::collections::BTreeMap;
use std::fmt;

use model::{Position, PositionError};

use crate::core::catalogue::category::Category;
use crate::core::catalogue::details::{
    Address, AttributeKey, AttributeValue, Details, DraftError, DraftErrorKind, Name, Phone, Site,
    attributes, categories, count, in_field, plain, site,
};
use crate::core::catalogue::hours::{Interval, OpeningHours};
use crate::core::limits::ATTRIBUTES_MAX;

/// What somebody wants to change of a business, not checked yet. `None` leaves as it is.
#[derive(Debug, Clone, Default)]
pub struct PatchDraft {
    /// What it is called.
    pub name: Option<String>,
    /// All of what it is.
    pub categories: Option<Vec<String>>,
    /// Where it is, in words.
    pub address: Edit<String>,
    /// Where it is.
    pub position: Option<Position>,
    /// What is different of where it is, instead of all of that.
    pub position_part: Option<PositionPart>,
    /// When it is open.
    pub hours: Edit<OpeningHours>,
    /// What is different of when it is open, instead of all of that.
    pub hours_part: Option<HoursPart>,
    /// How to call it.
    pub phone: Edit<String>,
    /// Its site.
    pub site: Edit<String>,
    /// Whether no attributes are left but those that are set.
    pub clears_attributes: bool,
    /// Attributes to be set, or to be taken away.
    pub attributes: BTreeMap<String, Option<String>>,
}

/// What is different of a position, each within its range.
#[derive(Clone, Copy, PartialEq, Default)]
pub struct PositionPart {
    pub(super) latitude: Option<f64>,
    pub(super) longitude: Option<f64>,
}

/// What is different of opening hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoursPart {
    /// The IANA name of the time zone, which there is.
    pub zone: Option<String>,
    /// All of the week, as [`OpeningHours`] has it.
    pub week: Option<Vec<Interval>>,
}

/// What becomes of something that a business may lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Edit<T> {
    /// It stays.
    #[default]
    Keep,
    /// It is taken away.
    Clear,
    /// It is this from now on.
    Set(T),
}

/// What is to be changed of a business, checked.
#[derive(Clone, PartialEq, Default)]
pub struct Patch {
    pub(super) name: Option<Name>,
    pub(super) categories: Option<Vec<Category>>,
    pub(super) address: Edit<Address>,
    pub(super) position: Option<Position>,
    pub(super) hours: Edit<OpeningHours>,
    pub(super) phone: Edit<Phone>,
    pub(super) site: Edit<Site>,
    pub(super) attributes: BTreeMap<AttributeKey, Option<AttributeValue>>,
    pub(super) parts: PartEdits,
}

/// What is to be changed within something; the rest of that stays.
#[derive(Clone, PartialEq, Default)]
pub(super) struct PartEdits {
    pub(super) position: Option<PositionPart>,
    pub(super) hours: Option<HoursPart>,
    pub(super) clears_attributes: bool,
}

/// As it is derived, without the parts: keys are stored with a hash of this text, by processes that know no digests. They know no
/// parts either.
impl fmt::Debug for Patch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, categories, address, position, hours, phone, site, attributes, parts: _ } =
            self;
        let mut all = f.debug_struct("Patch");
        all.field("name", name).field("categories", categories).field("address", address);
        all.field("position", position).field("hours", hours).field("phone", phone);
        all.field("site", site).field("attributes", attributes).finish()
    }
}

/// Positions don't get into logs.
impl fmt::Debug for PositionPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PositionPart(…)")
    }
}

impl PositionPart {
    /// Errs if one of them is none.
    pub fn new(latitude: Option<f64>, longitude: Option<f64>) -> Result<Self, PositionError> {
        Position::new(latitude.unwrap_or(0.0), longitude.unwrap_or(0.0))?;
        Ok(Self { latitude, longitude })
    }

    /// All of it, if it is; else what it is a part of.
    fn whole(self) -> Result<Position, Option<Self>> {
        let Self { latitude, longitude } = self;
        if latitude.is_none() && longitude.is_none() {
            return Err(None);
        }
        let both = latitude.zip(longitude);
        both.and_then(|(latitude, longitude)| Position::new(latitude, longitude).ok())
            .ok_or(Some(self))
    }

    fn apply(self, to: Position) -> Position {
        let latitude = self.latitude.unwrap_or(to.latitude());
        let longitude = self.longitude.unwrap_or(to.longitude());
        Position::new(latitude, longitude).map_or(to, plain)
    }
}

impl HoursPart {
    /// The hours as changed by this. Errs if something is said of neither.
    fn apply(&self, to: Option<&OpeningHours>) -> Result<OpeningHours, DraftError> {
        let zone = self.zone.as_deref().or(to.map(OpeningHours::zone));
        let week = self.week.as_deref().or(to.map(OpeningHours::intervals));
        let hours =
            zone.zip(week).and_then(|(zone, week)| OpeningHours::new(zone, week.to_vec()).ok());
        hours.ok_or(DraftError { field: "opening_hours", kind: DraftErrorKind::PartOfNothing })
    }
}

impl PatchDraft {
    /// Checks everything that can be without knowing the business.
    pub fn check(self) -> Result<Patch, DraftError> {
        let (position, position_part) = match self.position_part.map(PositionPart::whole) {
            None | Some(Err(None)) => (self.position, None),
            Some(Ok(position)) => (Some(position), None),
            Some(Err(part)) => (self.position, part),
        };
        Ok(Patch {
            parts: PartEdits {
                position: position_part,
                hours: self.hours_part,
                clears_attributes: self.clears_attributes,
            },
            name: self.name.map(|text| in_field("name", Name::parse(&text))).transpose()?,
            categories: self.categories.map(|texts| categories(&texts)).transpose()?,
            address: self.address.try_map(|text| in_field("address", Address::parse(&text)))?,
            position: position.map(plain),
            hours: self.hours,
            phone: self.phone.try_map(|text| in_field("phone", Phone::parse(&text)))?,
            site: self.site.try_map(|text| site(&text))?,
            attributes: attributes(&self.attributes, |value| {
                let value = value.as_deref().map(AttributeValue::parse).transpose();
                in_field("attributes", value)
            })?,
        })
    }
}

impl<T> Edit<T> {
    /// The same with what becomes of what is set.
    pub fn try_map<U, E>(self, parse: impl FnOnce(T) -> Result<U, E>) -> Result<Edit<U>, E> {
        Ok(match self {
            Self::Keep => Edit::Keep,
            Self::Clear => Edit::Clear,
            Self::Set(value) => Edit::Set(parse(value)?),
        })
    }

    fn apply(&self, to: &mut Option<T>)
    where
        T: Clone,
    {
        match self {
            Self::Keep => {}
            Self::Clear => *to = None,
            Self::Set(value) => *to = Some(value.clone()),
        }
    }
}

impl Patch {
    /// The details as changed by this. Errs if there would be too many attributes, or if it changes a part of what isn't there.
    pub fn apply(&self, to: &Details) -> Result<Details, DraftError> {
        let mut new = to.clone();
        set(&mut new.name, self.name.as_ref());
        set(&mut new.categories, self.categories.as_ref());
        set(&mut new.position, self.position.as_ref());
        if let Some(part) = self.parts.position {
            new.position = part.apply(new.position);
        }
        self.address.apply(&mut new.address);
        self.hours.apply(&mut new.hours);
        if let Some(part) = &self.parts.hours {
            new.hours = Some(part.apply(new.hours.as_ref())?);
        }
        self.phone.apply(&mut new.phone);
        self.site.apply(&mut new.site);
        if self.parts.clears_attributes {
            new.attributes.clear();
        }
        for (key, value) in &self.attributes {
            match value {
                Some(value) => new.attributes.insert(key.clone(), value.clone()),
                None => new.attributes.remove(key),
            };
        }
        count("attributes", new.attributes.len(), 0, ATTRIBUTES_MAX)?;
        Ok(new)
    }
}

fn set<T: Clone>(field: &mut T, new: Option<&T>) {
    if let Some(new) = new {
        field.clone_from(new);
    }
}
