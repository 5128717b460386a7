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

/// Members that are kept apart from the rest of an object.
pub(super) struct Apart<'a> {
    /// Their names.
    pub(super) names: &'static [&'static str],
    pub(super) found: &'a mut Found,
}

/// Reads an object without its member `_`, and without those that are kept apart.
pub(super) struct Without<'a, D>(pub(super) D, pub(super) Apart<'a>);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Without<'_, D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(Members(visitor, self.1))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct Members<'a, V>(V, Apart<'a>);

impl<'de, V: Visitor<'de>> Visitor<'de> for Members<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Rest(map, self.1))
    }
}

struct Rest<'a, A>(A, Apart<'a>);

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Rest<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        let Self(map, Apart { names, found }) = self;
        while let Some(name) = map.next_key::<String>()? {
            if name == UNNAMED {
                map.next_value::<IgnoredAny>()?;
            } else if let Some(known) = names.iter().find(|known| **known == name) {
                found.push((known, map.next_value()?));
            } else {
                let name: StringDeserializer<A::Error> = name.into_deserializer();
                return seed.deserialize(name).map(Some).map_err(A::Error::custom);
            }
        }
        Ok(None)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, A::Error> {
        self.0.next_value_seed(seed)
    }
}
