//! What a client may put into a body that changes nothing: `_`, and what it read before.

use serde::de::value::StringDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, Error, IgnoredAny, IntoDeserializer, MapAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::Value;

/// The name of the member that libraries add so that no cache answers.
const UNNAMED: &str = "_";

/// Members of an object, by their names.
pub(super) type Found = Vec<(&'static str, Value)>;

/// Reads an object without its member `_`, and without those of these names, which go to `found`.
pub(super) struct Without<'a, D> {
    pub(super) object: D,
    pub(super) names: &'static [&'static str],
    pub(super) found: &'a mut Found,
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Without<'_, D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        let Self { object, names, found } = self;
        object.deserialize_map(Members { visitor, names, found })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct Members<'a, V> {
    visitor: V,
    names: &'static [&'static str],
    found: &'a mut Found,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Members<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.visitor.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        let Self { visitor, names, found } = self;
        visitor.visit_map(Named { map, names, found })
    }
}

struct Named<'a, A> {
    map: A,
    names: &'static [&'static str],
    found: &'a mut Found,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Named<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        while let Some(name) = self.map.next_key::<String>()? {
            if name == UNNAMED {
                self.map.next_value::<IgnoredAny>()?;
            } else if let Some(known) = self.names.iter().find(|known| **known == name) {
                self.found.push((known, self.map.next_value()?));
            } else {
                let name: StringDeserializer<A::Error> = name.into_deserializer();
                return seed.deserialize(name).map(Some).map_err(A::Error::custom);
            }
        }
        Ok(None)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, A::Error> {
        self.map.next_value_seed(seed)
    }
}
