use std::fmt;
use std::io::BufRead;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::Each;
use super::object::feature;

/// What ends the reading of a file of which no more is wanted.
const ENOUGH: &str = "no more is wanted";

/// Reads the features of a collection one by one, without the whole in memory.
pub(super) fn read(input: impl BufRead, each: Each<'_>) -> Result<(), String> {
    let mut reader = serde_json::Deserializer::from_reader(input);
    let mut collection = Collection { each, at: 0, is_enough: false };
    let read = (&mut reader).deserialize_map(&mut collection);
    if collection.is_enough {
        return Ok(());
    }
    let features = collection.at;
    read.and_then(|()| reader.end()).map_err(|error| {
        let said = api::plain(&error.to_string());
        format!("can't read on after {features} features: {said}")
    })
}

/// Reads an object with the member `features`, then the list of them.
struct Collection<'a> {
    each: Each<'a>,
    at: u64,
    is_enough: bool,
}

impl<'de> Visitor<'de> for &mut Collection<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a FeatureCollection of GeoJSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut is_there = false;
        while let Some(key) = map.next_key::<String>()? {
            if key == "features" {
                map.next_value_seed(Features(&mut *self))?;
                is_there = true;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        if is_there { Ok(()) } else { Err(de::Error::missing_field("features")) }
    }
}

struct Features<'c, 'a>(&'c mut Collection<'a>);

impl<'de> DeserializeSeed<'de> for Features<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Features<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of features")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Self(collection) = self;
        while let Some(value) = list.next_element::<Value>()? {
            collection.at += 1;
            let place = match value {
                Value::Object(map) => feature(map),
                _ => Err("is not a feature".to_owned()),
            };
            if !(collection.each)(collection.at, place) {
                collection.is_enough = true;
                return Err(de::Error::custom(ENOUGH));
            }
        }
        Ok(())
    }
}
