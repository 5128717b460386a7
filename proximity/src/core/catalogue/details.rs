use std::collections::BTreeMap;
use std::sync::Arc;

use model::Position;

use crate::core::catalogue::category::Category;
use crate::core::catalogue::hours::OpeningHours;
use crate::core::catalogue::text::{self, LineError, line};
use crate::core::limits::{
    ADDRESS_CHARS_MAX, ATTRIBUTE_KEY_CHARS_MAX, ATTRIBUTE_VALUE_CHARS_MAX, ATTRIBUTES_MAX,
    CATEGORIES_MAX, NAME_CHARS_MAX, PHONE_CHARS_MAX, SITE_CHARS_MAX,
};

line! {
    /// The name of a business. Cheap to clone, as all of these lines.
    Name, NAME_CHARS_MAX
}

impl Name {
    /// What was a name before.
    pub(crate) fn known(text: &str) -> Self {
        Self(text.into())
    }
}

line! {
    /// Its address, in one line.
    Address, ADDRESS_CHARS_MAX
}
line! {
    /// Its phone number, as people write it.
    Phone, PHONE_CHARS_MAX
}
line! {
    /// The key of an attribute.
    AttributeKey, ATTRIBUTE_KEY_CHARS_MAX
}
line! {
    /// The value of an attribute.
    AttributeValue, ATTRIBUTE_VALUE_CHARS_MAX
}

/// What its owner says of a business, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Details {
    /// What it is called.
    pub name: Name,
    /// What it is: 1 … [`CATEGORIES_MAX`], each once, the main one first.
    pub categories: Vec<Category>,
    /// Where it is, in words.
    pub address: Option<Address>,
    /// Where it is.
    pub position: Position,
    /// When it is open; `None` where that isn't known.
    pub hours: Option<OpeningHours>,
    /// How to call it.
    pub phone: Option<Phone>,
    /// Its site.
    pub site: Option<Site>,
    /// Whatever else is to be known, up to [`ATTRIBUTES_MAX`].
    pub attributes: BTreeMap<AttributeKey, AttributeValue>,
}

/// The address of a site: `http://…` or `https://…`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Site(Arc<str>);

/// What somebody says of a business, not checked yet.
#[derive(Debug, Clone)]
pub struct Draft {
    /// What it is called.
    pub name: String,
    /// What it is, `Group / Kind`, the main one first.
    pub categories: Vec<String>,
    /// Where it is, in words.
    pub address: Option<String>,
    /// Where it is.
    pub position: Position,
    /// When it is open.
    pub hours: Option<OpeningHours>,
    /// How to call it.
    pub phone: Option<String>,
    /// Its site.
    pub site: Option<String>,
    /// Whatever else is to be known.
    pub attributes: BTreeMap<String, String>,
}

/// What is wrong with a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{field} {kind}")]
pub struct DraftError {
    /// In which field.
    pub field: &'static str,
    /// What.
    pub kind: DraftErrorKind,
}

/// What can be wrong with a field of a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DraftErrorKind {
    /// With a line of text.
    #[error(transparent)]
    Line(LineError),
    /// No `http://` or `https://`.
    #[error("must begin with http:// or https://")]
    Site,
    /// Fewer or more than so many.
    #[error("must be from {min} to {max}")]
    Count {
        /// The fewest.
        min: usize,
        /// The most.
        max: usize,
    },
    /// Hours of which one half is said, while the other is on record nowhere.
    #[error("needs both time_zone and week: none are on record yet")]
    PartOfNothing,
}

impl Site {
    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Draft {
    /// Checks everything.
    pub fn check(self) -> Result<Details, DraftError> {
        Ok(Details {
            name: in_field("name", Name::parse(&self.name))?,
            categories: categories(&self.categories)?,
            address: self
                .address
                .map(|text| in_field("address", Address::parse(&text)))
                .transpose()?,
            position: plain(self.position),
            hours: self.hours,
            phone: self.phone.map(|text| in_field("phone", Phone::parse(&text))).transpose()?,
            site: self.site.as_deref().map(site).transpose()?,
            attributes: attributes(&self.attributes, |value| {
                in_field("attributes", AttributeValue::parse(value))
            })?,
        })
    }
}

/// Without −0, which is 0, and which not every database keeps.
pub(super) fn plain(position: Position) -> Position {
    let (latitude, longitude) = (position.latitude() + 0.0, position.longitude() + 0.0);
    Position::new(latitude, longitude).expect("is where it was")
}

pub(super) fn in_field<T>(
    field: &'static str,
    parsed: Result<T, LineError>,
) -> Result<T, DraftError> {
    parsed.map_err(|fault| DraftError { field, kind: DraftErrorKind::Line(fault) })
}

pub(super) fn site(text: &str) -> Result<Site, DraftError> {
    let site = in_field("site", text::check(text, SITE_CHARS_MAX))?;
    let rest = ["http://", "https://"].iter().find_map(|scheme| site.strip_prefix(scheme));
    match rest {
        Some(rest) if !rest.is_empty() && !rest.contains(char::is_whitespace) => Ok(Site(site)),
        _ => Err(DraftError { field: "site", kind: DraftErrorKind::Site }),
    }
}

pub(super) fn categories(texts: &[String]) -> Result<Vec<Category>, DraftError> {
    count("categories", texts.len(), 1, CATEGORIES_MAX)?;
    let mut categories = Vec::with_capacity(texts.len());
    for text in texts {
        let category = in_field("categories", Category::parse(text))?;
        if !categories.contains(&category) {
            categories.push(category);
        }
    }
    Ok(categories)
}

pub(super) fn attributes<V, T>(
    given: &BTreeMap<String, V>,
    parse: impl Fn(&V) -> Result<T, DraftError>,
) -> Result<BTreeMap<AttributeKey, T>, DraftError> {
    count("attributes", given.len(), 0, ATTRIBUTES_MAX)?;
    given
        .iter()
        .map(|(key, value)| Ok((in_field("attributes", AttributeKey::parse(key))?, parse(value)?)))
        .collect()
}

pub(super) fn count(
    field: &'static str,
    count: usize,
    min: usize,
    max: usize,
) -> Result<(), DraftError> {
    let kind = DraftErrorKind::Count { min, max };
    if (min..=max).contains(&count) { Ok(()) } else { Err(DraftError { field, kind }) }
}

#[cfg(test)]
mod tests;
