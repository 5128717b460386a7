use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use model::Position;

use crate::core::catalogue::category::Category;
use crate::core::catalogue::hours::OpeningHours;
use crate::core::catalogue::text::{self, LineFault, line};
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
    name: Option<Name>,
    categories: Option<Vec<Category>>,
    address: Edit<Address>,
    position: Option<Position>,
    hours: Edit<OpeningHours>,
    phone: Edit<Phone>,
    site: Edit<Site>,
    attributes: BTreeMap<AttributeKey, Option<AttributeValue>>,
}

/// What is wrong with a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DraftFault {
    /// In which field.
    pub field: &'static str,
    /// What.
    pub kind: DraftFaultKind,
}

/// What can be wrong with a field of a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DraftFaultKind {
    /// With a line of text.
    Line(LineFault),
    /// No `http://` or `https://`.
    Site,
    /// Fewer or more than so many.
    Count {
        /// The fewest.
        min: usize,
        /// The most.
        max: usize,
    },
}

impl fmt::Display for DraftFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            DraftFaultKind::Line(fault) => write!(f, "{} {fault}", self.field),
            DraftFaultKind::Site => write!(f, "{} must begin with http:// or https://", self.field),
            DraftFaultKind::Count { min, max } => {
                write!(f, "{} must be from {min} to {max}", self.field)
            }
        }
    }
}

impl std::error::Error for DraftFault {}

impl Site {
    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Draft {
    /// Checks everything.
    pub fn check(self) -> Result<Details, DraftFault> {
        Ok(Details {
            name: in_field("name", Name::parse(&self.name))?,
            categories: categories(&self.categories)?,
            address: optional(self.address.as_deref(), |text| {
                in_field("address", Address::parse(text))
            })?,
            position: plain(self.position),
            hours: self.hours,
            phone: optional(self.phone.as_deref(), |text| in_field("phone", Phone::parse(text)))?,
            site: optional(self.site.as_deref(), site)?,
            attributes: attributes(&self.attributes, |value| {
                in_field("attributes", AttributeValue::parse(value))
            })?,
        })
    }
}

impl PatchDraft {
    /// Checks everything that can be without knowing the business.
    pub fn check(self) -> Result<Patch, DraftFault> {
        Ok(Patch {
            name: optional(self.name.as_deref(), |text| in_field("name", Name::parse(text)))?,
            categories: self.categories.map(|texts| categories(&texts)).transpose()?,
            address: self.address.check(|text| in_field("address", Address::parse(&text)))?,
            position: self.position.map(plain),
            hours: self.hours,
            phone: self.phone.check(|text| in_field("phone", Phone::parse(&text)))?,
            site: self.site.check(|text| site(&text))?,
            attributes: attributes(&self.attributes, |value| {
                optional(value.as_deref(), |value| {
                    in_field("attributes", AttributeValue::parse(value))
                })
            })?,
        })
    }
}

impl<T: Clone> Edit<T> {
    fn check<U>(
        self,
        parse: impl FnOnce(T) -> Result<U, DraftFault>,
    ) -> Result<Edit<U>, DraftFault> {
        Ok(match self {
            Self::Keep => Edit::Keep,
            Self::Clear => Edit::Clear,
            Self::Set(value) => Edit::Set(parse(value)?),
        })
    }

    fn apply(&self, to: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *to = None,
            Self::Set(value) => *to = Some(value.clone()),
        }
    }
}

impl Patch {
    /// Where it moves the business, if it does.
    pub fn position(&self) -> Option<Position> {
        self.position
    }

    /// The details as changed by this. Errs if there would be too many attributes.
    pub fn apply(&self, to: &Details) -> Result<Details, DraftFault> {
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

/// Without −0, which is 0, and which not every database keeps.
fn plain(position: Position) -> Position {
    let (latitude, longitude) = (position.latitude() + 0.0, position.longitude() + 0.0);
    Position::new(latitude, longitude).expect("is where it was")
}

fn set<T: Clone>(field: &mut T, new: Option<&T>) {
    if let Some(new) = new {
        field.clone_from(new);
    }
}

fn in_field<T>(field: &'static str, parsed: Result<T, LineFault>) -> Result<T, DraftFault> {
    parsed.map_err(|fault| DraftFault { field, kind: DraftFaultKind::Line(fault) })
}

fn optional<T>(
    text: Option<&str>,
    parse: impl FnOnce(&str) -> Result<T, DraftFault>,
) -> Result<Option<T>, DraftFault> {
    text.map(parse).transpose()
}

fn site(text: &str) -> Result<Site, DraftFault> {
    let site = in_field("site", text::check(text, SITE_CHARS_MAX))?;
    let rest = ["http://", "https://"].iter().find_map(|scheme| site.strip_prefix(scheme));
    match rest {
        Some(rest) if !rest.is_empty() && !rest.contains(char::is_whitespace) => Ok(Site(site)),
        _ => Err(DraftFault { field: "site", kind: DraftFaultKind::Site }),
    }
}

fn categories(texts: &[String]) -> Result<Vec<Category>, DraftFault> {
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

fn attributes<V, T>(
    given: &BTreeMap<String, V>,
    parse: impl Fn(&V) -> Result<T, DraftFault>,
) -> Result<BTreeMap<AttributeKey, T>, DraftFault> {
    count("attributes", given.len(), 0, ATTRIBUTES_MAX)?;
    given
        .iter()
        .map(|(key, value)| Ok((in_field("attributes", AttributeKey::parse(key))?, parse(value)?)))
        .collect()
}

fn count(field: &'static str, count: usize, min: usize, max: usize) -> Result<(), DraftFault> {
    let kind = DraftFaultKind::Count { min, max };
    if (min..=max).contains(&count) { Ok(()) } else { Err(DraftFault { field, kind }) }
}

#[cfg(test)]
mod tests;
