use std::collections::BTreeMap;

use model::Position;

use crate::core::catalogue::category::Category;
use crate::core::catalogue::details::{
    Address, AttributeKey, AttributeValue, Details, DraftError, Name, Phone, Site, attributes,
    categories, count, in_field, plain, site,
};
use crate::core::catalogue::hours::OpeningHours;
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
    /// When it is open.
    pub hours: Edit<OpeningHours>,
    /// How to call it.
    pub phone: Edit<String>,
    /// Its site.
    pub site: Edit<String>,
    /// Attributes to be set, or to be taken away.
    pub attributes: BTreeMap<String, Option<String>>,
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
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Patch {
    pub(super) name: Option<Name>,
    pub(super) categories: Option<Vec<Category>>,
    pub(super) address: Edit<Address>,
    pub(super) position: Option<Position>,
    pub(super) hours: Edit<OpeningHours>,
    pub(super) phone: Edit<Phone>,
    pub(super) site: Edit<Site>,
    pub(super) attributes: BTreeMap<AttributeKey, Option<AttributeValue>>,
}

impl PatchDraft {
    /// Checks everything that can be without knowing the business.
    pub fn check(self) -> Result<Patch, DraftError> {
        Ok(Patch {
            name: self.name.map(|text| in_field("name", Name::parse(&text))).transpose()?,
            categories: self.categories.map(|texts| categories(&texts)).transpose()?,
            address: self.address.try_map(|text| in_field("address", Address::parse(&text)))?,
            position: self.position.map(plain),
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
    /// The details as changed by this. Errs if there would be too many attributes.
    pub fn apply(&self, to: &Details) -> Result<Details, DraftError> {
        let mut new = to.clone();
        set(&mut new.name, self.name.as_ref());
        set(&mut new.categories, self.categories.as_ref());
        set(&mut new.position, self.position.as_ref());
        self.address.apply(&mut new.address);
        self.hours.apply(&mut new.hours);
        self.phone.apply(&mut new.phone);
        self.site.apply(&mut new.site);
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
