//! The values of a message as the client wrote them: what they are is asked only where they are used, so that one that can't be
//! doesn't cost the message, and what is wrong is told in the words of JSON.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

model::words! {
    /// Every field of a message. What stands in others is passed over: a client may be newer than this gateway.
    pub(super) enum Field {
        /// Which message it is.
        Type = "type",
        /// Of whom, or who.
        Token = "token",
        /// Which of the user's devices.
        Device = "device",
        /// Several fixes.
        Fixes = "fixes",
        /// The number of a fix.
        Seq = "seq",
        /// Degrees.
        Latitude = "latitude",
        /// Degrees.
        Longitude = "longitude",
        /// Metres.
        Accuracy = "accuracy_m",
        /// Metres.
        Altitude = "altitude_m",
        /// Metres per second.
        Speed = "speed_mps",
        /// Degrees.
        Heading = "heading_deg",
        /// Percent.
        Battery = "battery_percent",
        /// The phone's clock.
        Time = "time_ms",
        /// Of a ping.
        Id = "id",
        /// Which board.
        Board = "board",
        /// So many places from the top.
        Top = "top",
        /// So many neighbours above and below.
        Around = "around",
    }
}

/// One value, unread. Numbers have no limit here: 1e400 is one, and out of every range.
#[derive(Clone, Copy)]
pub(super) struct Json<'a>(&'a str);

impl<'a> Json<'a> {
    /// What it is, as one would say it.
    pub(super) fn kind(self) -> &'static str {
        match self.0.as_bytes().first() {
            Some(b'n') => "null",
            Some(b't' | b'f') => "true or false",
            Some(b'"') => "a text",
            Some(b'[') => "a list",
            Some(b'{') => "an object",
            _ => "a number",
        }
    }

    /// The number that it is.
    pub(super) fn number(self) -> Option<f64> {
        self.digits()?.parse().ok()
    }

    /// The whole number that it is, however it is written: 8, 8.0 and 8e0 are the same.
    pub(super) fn whole(self) -> Option<i64> {
        model::whole_number(self.0).ok()
    }

    /// The text that it is; an error if half of a surrogate pair is missing.
    pub(super) fn text(self) -> Option<Result<Cow<'a, str>, serde_json::Error>> {
        let inner = self.0.strip_prefix('"')?.strip_suffix('"')?;
        if inner.contains('\\') {
            return Some(serde_json::from_str(self.0).map(Cow::Owned));
        }
        Some(Ok(Cow::Borrowed(inner)))
    }

    /// Hands over the items of the list that it is, one by one, `None` for each that is no object. Answers whether it is a list.
    pub(super) fn each_object(self, take: impl FnMut(Option<Object<'a>>)) -> bool {
        let mut deserializer = serde_json::Deserializer::from_str(self.0);
        deserializer.deserialize_seq(Items(take)).is_ok()
    }

    fn digits(self) -> Option<&'a str> {
        self.0.starts_with(|first: char| first == '-' || first.is_ascii_digit()).then_some(self.0)
    }
}

/// A JSON object, by the fields that are known.
pub(super) struct Object<'a> {
    values: [Option<Json<'a>>; Field::ALL.len()],
    /// A known field that stands there more than once.
    pub(super) repeated: Option<Field>,
}

impl<'a> Object<'a> {
    /// The object that a text is.
    pub(super) fn read(text: &'a str) -> Result<Self, serde_json::Error> {
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let object = deserializer.deserialize_map(Fields)?;
        deserializer.end()?;
        Ok(object)
    }

    /// What stands in a field; `None` if it is absent.
    pub(super) fn get(&self, field: Field) -> Option<Json<'a>> {
        self.values[field as usize]
    }

    /// What stands in a field that need not be there: null says nothing.
    pub(super) fn told(&self, field: Field) -> Option<Json<'a>> {
        self.get(field).filter(|value| value.0 != "null")
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut object = Object { values: [None; Field::ALL.len()], repeated: None };
        while let Some(field) = map.next_key_seed(Name)? {
            let Some(field) = field else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let value = map.next_value::<&'de RawValue>()?;
            if object.values[field as usize].replace(Json(value.get())).is_some() {
                object.repeated.get_or_insert(field);
            }
        }
        Ok(object)
    }
}

struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Option<Field>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        // As bytes, since half of a surrogate pair in a name that nobody knows costs nothing.
        deserializer.deserialize_bytes(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Option<Field>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_bytes<E>(self, name: &[u8]) -> Result<Self::Value, E> {
        Ok(std::str::from_utf8(name).ok().and_then(Field::parse))
    }
}

struct Items<T>(T);

impl<'de, T: FnMut(Option<Object<'de>>)> Visitor<'de> for Items<T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        while let Some(item) = items.next_element::<&'de RawValue>()? {
            self.0(Object::read(item.get()).ok());
        }
        Ok(())
    }
}
