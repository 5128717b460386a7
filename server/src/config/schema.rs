//! What can be set, told by the types of the settings themselves: so no list of names can be out of date.

use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::Config;

/// What stands at a place in the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Settings of these names.
    Section(&'static [&'static str]),
    /// `true` or `false`.
    Switch,
    /// A whole number within these bounds of its type; what works is mostly less.
    Whole(i128, i128),
    Text,
    /// One of these words.
    Word(&'static [&'static str]),
    List,
    /// Whole numbers by names that aren't ours.
    Table,
    /// What its type decides when it sees the value.
    Own,
}

/// In words, as what a value must be.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Section(names) => write!(f, "a section with {}", names.join(", ")),
            Self::Switch => f.write_str("true or false"),
            // Its type's greatest, which none works with: what is too much is known only of a number that can be read.
            Self::Whole(least, most) if *most >= i128::from(i64::MAX) => {
                write!(f, "a whole number, at least {least}")
            }
            Self::Whole(least, most) => write!(f, "a whole number from {least} to {most}"),
            Self::Text => f.write_str("text in quotes"),
            Self::Word(words) => write!(f, "one of \"{}\"", words.join("\", \"")),
            Self::List => f.write_str("a list in [ ]"),
            Self::Table => f.write_str("a table in { }"),
            Self::Own => f.write_str("another value"),
        }
    }
}

/// A step on the way to a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Name(String),
    /// An entry of a list, whichever.
    Entry(usize),
}

/// What stands there; `None` if nothing can.
pub(crate) fn kind(path: &[Step]) -> Option<Kind> {
    match Config::deserialize(Probe { path }) {
        Err(Found::Kind(kind)) => Some(kind),
        _ => None,
    }
}

/// Every setting, as `section.name`, without entries of lists.
pub(crate) fn all() -> Vec<String> {
    let mut found = Vec::new();
    collect(&mut Vec::new(), &mut found);
    found
}

fn collect(path: &mut Vec<Step>, found: &mut Vec<String>) {
    match kind(path) {
        Some(Kind::Section(names)) => {
            for name in names {
                path.push(Step::Name((*name).to_owned()));
                collect(path, found);
                path.pop();
            }
        }
        Some(_) => found.push(shown(path)),
        None => {}
    }
}

/// A path as people write it: `redis.shards[0].url`.
pub(crate) fn shown(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Name(name) if text.is_empty() => text.push_str(name),
            Step::Name(name) => text.extend([".", name]),
            Step::Entry(index) => text.extend(["[", &index.to_string(), "]"]),
        }
    }
    text
}

/// Gives a type nothing but what leads along a path, and ends with what it asks for there.
struct Probe<'a> {
    path: &'a [Step],
}

/// How every probe ends.
#[derive(Debug)]
enum Found {
    Kind(Kind),
    Nothing,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for Found {}

impl de::Error for Found {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::Nothing
    }
}

impl Probe<'_> {
    fn ends<T>(&self, kind: Kind) -> Result<T, Found> {
        Err(if self.path.is_empty() { Found::Kind(kind) } else { Found::Nothing })
    }
}

macro_rules! whole_numbers {
    ($($method:ident $type:ty),*) => {$(
        fn $method<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Found> {
            self.ends(Kind::Whole(i128::from(<$type>::MIN), i128::from(<$type>::MAX)))
        }
    )*};
}

macro_rules! others {
    ($($method:ident $kind:ident),*) => {$(
        fn $method<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Found> {
            self.ends(Kind::$kind)
        }
    )*};
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Found;

    whole_numbers!(
        deserialize_u8 u8, deserialize_u16 u16, deserialize_u32 u32, deserialize_i8 i8, deserialize_i16 i16,
        deserialize_i32 i32, deserialize_i64 i64
    );
    others!(
        deserialize_any Own, deserialize_bool Switch, deserialize_f32 Own, deserialize_f64 Own, deserialize_char Text,
        deserialize_str Text, deserialize_string Text, deserialize_bytes Own, deserialize_byte_buf Own,
        deserialize_unit Own, deserialize_identifier Own, deserialize_ignored_any Own
    );

    // As much as TOML has.
    fn deserialize_u64<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Found> {
        self.ends(Kind::Whole(0, i128::from(i64::MAX)))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Found> {
        visitor.visit_some(self)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: V,
    ) -> Result<V::Value, Found> {
        self.ends(Kind::Own)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Found> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Found> {
        match self.path.split_first() {
            Some((Step::Entry(_), path)) => visitor.visit_seq(Only { name: "", path }),
            _ => self.ends(Kind::List),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Found> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Found> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Found> {
        match self.path.split_first() {
            Some((Step::Name(name), path)) => visitor.visit_map(Only { name, path }),
            _ => self.ends(Kind::Table),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Found> {
        match self.path.split_first() {
            Some((Step::Name(name), path)) if fields.contains(&name.as_str()) => {
                visitor.visit_map(Only { name, path })
            }
            _ => self.ends(Kind::Section(fields)),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        words: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Found> {
        self.ends(Kind::Word(words))
    }
}

/// The one entry that leads on.
struct Only<'a> {
    name: &'a str,
    path: &'a [Step],
}

impl<'de> MapAccess<'de> for Only<'_> {
    type Error = Found;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Found> {
        seed.deserialize(StrDeserializer::new(self.name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Found> {
        seed.deserialize(Probe { path: self.path })
    }
}

impl<'de> SeqAccess<'de> for Only<'_> {
    type Error = Found;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Found> {
        seed.deserialize(Probe { path: self.path }).map(Some)
    }
}

#[cfg(test)]
mod tests;
