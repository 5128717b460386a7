//! How bodies are read: what is a struct here is an object there and never a list, and its member `_` changes nothing. Objects
//! that stand for maps have the names that clients give them, `_` too, and any JSON stays as it is.

use std::borrow::Cow;
use std::fmt;

use serde::de::value::{BorrowedStrDeserializer, StrDeserializer, StringDeserializer};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// The name of the member that libraries add so that no cache answers.
pub(super) const UNNAMED: &str = "_";

/// As what `serde_json` asks for the text of a value.
const RAW_VALUE: &str = "$serde_json::private::RawValue";

/// Members of an object, by their names.
pub(super) type Found = Vec<(&'static str, Value)>;

/// Members of the outermost object that are kept apart from the rest.
#[derive(Default)]
pub(super) struct Apart<'a> {
    /// Their names.
    pub(super) names: &'static [&'static str],
    pub(super) found: Option<&'a mut Found>,
    /// Where the names of members go that the type doesn't have; none: they are refused.
    pub(super) unknown: Option<&'a mut Vec<String>>,
}

/// Reads values of JSON as the head of this file says.
pub(super) struct Strict<'a, D> {
    json: D,
    apart: Apart<'a>,
}

impl<'a, D> Strict<'a, D> {
    /// The value that is read from the outside.
    pub(super) fn new(json: D, apart: Apart<'a>) -> Self {
        Self { json, apart }
    }

    fn within(json: D) -> Self {
        Self::new(json, Apart::default())
    }
}

/// What has nothing in it is read as it is.
macro_rules! plain {
    ($($name:ident)*) => {$(
        fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.json.$name(visitor)
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Strict<'_, D> {
    type Error = D::Error;

    plain! {
        deserialize_any deserialize_ignored_any deserialize_bool
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64 deserialize_char deserialize_str deserialize_string
        deserialize_bytes deserialize_byte_buf deserialize_unit deserialize_identifier
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let object = Object { apart: self.apart, fields: Some(fields) };
        self.json.deserialize_map(Within { visitor, object })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.json.deserialize_map(Within::new(visitor))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.json.deserialize_seq(Within::new(visitor))
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.json.deserialize_tuple(length, Within::new(visitor))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.json.deserialize_tuple_struct(name, length, Within::new(visitor))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.json.deserialize_option(Within::new(visitor))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        if name == RAW_VALUE {
            return self.json.deserialize_newtype_struct(name, visitor);
        }
        self.json.deserialize_newtype_struct(name, Within::new(visitor))
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.json.deserialize_unit_struct(name, visitor)
    }

    /// A word; an object of one would be read as that word too.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.json.deserialize_str(Word(visitor))
    }
}

/// What is known of an object that is read.
#[derive(Default)]
struct Object<'a> {
    apart: Apart<'a>,
    /// The names of a struct; none: it stands for a map.
    fields: Option<&'static [&'static str]>,
}

struct Within<'a, V> {
    visitor: V,
    object: Object<'a>,
}

impl<V> Within<'_, V> {
    fn new(visitor: V) -> Self {
        Self { visitor, object: Object::default() }
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Within<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, json: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_some(Strict::within(json))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, json: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_newtype_struct(Strict::within(json))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_seq(Items(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_map(Members { members, object: self.object })
    }
}

struct Word<V>(V);

impl<'de, V: Visitor<'de>> Visitor<'de> for Word<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<V::Value, E> {
        self.0.visit_enum(StrDeserializer::new(word))
    }
}

struct Items<A>(A);

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Items<A> {
    type Error = A::Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, A::Error> {
        self.0.next_element_seed(Seed(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        self.0.size_hint()
    }
}

struct Members<'a, A> {
    members: A,
    object: Object<'a>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Members<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        let Self { members, object: Object { apart, fields } } = self;
        let Some(fields) = fields else { return members.next_key_seed(seed) };
        while let Some(Name(name)) = members.next_key()? {
            let kept_apart = apart.names.iter().find(|known| **known == name);
            if name == UNNAMED {
                members.next_value::<IgnoredAny>()?;
            } else if let (Some(known), Some(found)) = (kept_apart, apart.found.as_deref_mut()) {
                found.push((known, members.next_value()?));
            } else if let Some(unknown) = apart.unknown.as_deref_mut()
                && !fields.contains(&&*name)
            {
                members.next_value::<IgnoredAny>()?;
                unknown.push(name.into_owned());
            } else {
                return key(name, seed).map(Some);
            }
        }
        Ok(None)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, A::Error> {
        self.members.next_value_seed(Seed(seed))
    }
}

fn key<'de, K: DeserializeSeed<'de>, E: Error>(
    name: Cow<'de, str>,
    seed: K,
) -> Result<K::Value, E> {
    match name {
        Cow::Borrowed(name) => seed.deserialize(BorrowedStrDeserializer::new(name)),
        Cow::Owned(name) => seed.deserialize(StringDeserializer::new(name)),
    }
}

/// The name of a member, which is nearly always a part of the body.
struct Name<'de>(Cow<'de, str>);

impl<'de> serde::Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(name)))
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }
        json.deserialize_str(Text)
    }
}

struct Seed<T>(T);

impl<'de, T: DeserializeSeed<'de>> DeserializeSeed<'de> for Seed<T> {
    type Value = T::Value;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<T::Value, D::Error> {
        self.0.deserialize(Strict::within(json))
    }
}
