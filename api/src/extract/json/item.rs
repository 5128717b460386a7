use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::strict::{Apart, Found, Strict};
use super::within;

/// A part of a body that is judged by itself.
#[derive(Debug)]
pub struct Item<T> {
    /// What it is.
    pub value: T,
    /// The names of members that it has and the type hasn't, as newer programs may send.
    pub unknown: Vec<String>,
}

impl<T: DeserializeOwned> Item<T> {
    /// Reads a value of a body, as bodies are read; else says what is wrong with it. Members with these names are passed over.
    pub fn read(json: &RawValue, passed_over: &'static [&'static str]) -> Result<Self, String> {
        let (mut found, mut unknown) = (Found::new(), Vec::new());
        let apart =
            Apart { names: passed_over, found: Some(&mut found), unknown: Some(&mut unknown) };
        let mut reader = serde_json::Deserializer::from_str(json.get());
        let value = within(Strict::new(&mut reader, apart)).map_err(|mut said| {
            // Lines and columns would be counted from where the value begins.
            said.truncate(said.rfind(" at line ").unwrap_or(said.len()));
            said
        })?;
        Ok(Self { value, unknown })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde_json::Value;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Place {
        north: f64,
        east: Option<f64>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "snake_case")]
    enum Size {
        Small,
    }

    #[derive(Debug, Deserialize)]
    struct Pie {
        at: Option<Place>,
        #[serde(default)]
        before: Vec<Place>,
        size: Option<Size>,
        #[serde(default)]
        notes: BTreeMap<String, Place>,
        words: Option<Box<RawValue>>,
        any: Option<Value>,
    }

    fn read(json: &str) -> Result<Item<Pie>, String> {
        Item::read(serde_json::from_str(json).expect("JSON"), &["baked_ms"])
    }

    #[test]
    fn an_object_is_no_list_wherever_it_stands() {
        for (json, place) in [
            ("[]", ""),
            ("{\"at\":[1,2]}", "at: "),
            ("{\"before\":[{\"north\":1},[1,2]]}", "before[1]: "),
            ("{\"notes\":{\"a\":[1,2]}}", "notes.a: "),
            ("{\"notes\":[]}", "notes: "),
        ] {
            let said = read(json).expect_err(json);
            assert!(
                said.starts_with(&format!("{place}must be an object, and is a list")),
                "{said}"
            );
        }
        let said = read("{\"size\":{\"small\":null}}").expect_err("a word is no object");
        assert!(said.starts_with("size: must be a text, and is an object"), "{said}");
        let said = read("{\"size\":\"huge\"}").expect_err("no such word");
        assert!(
            said.starts_with("size: must be one of `small`, and is `huge`")
                || said.contains("`small`"),
            "{said}"
        );
    }

    #[test]
    fn what_has_no_name_is_passed_over_but_not_in_what_is_the_clients_own() {
        let json = r#"{"_":1,"at":{"_":[],"north":1},"before":[{"north":2,"_":{"_":1},"east":null}],"size":"small","baked_ms":"x",
            "notes":{"_":{"north":3}},"words":{"_":1},"any":{"_":1},"mood":{"a":1},"\u006dood2":2}"#;
        let Item { value, unknown } = read(json).expect("right");
        assert_eq!(unknown, ["mood", "mood2"]);
        assert_eq!(value.at, Some(Place { north: 1.0, east: None }));
        assert_eq!(value.before, [Place { north: 2.0, east: None }]);
        assert_eq!(value.size, Some(Size::Small));
        assert_eq!(value.notes["_"], Place { north: 3.0, east: None });
        assert_eq!(value.words.expect("words").get(), "{\"_\":1}");
        assert_eq!(value.any, Some(serde_json::json!({ "_": 1 })));
        assert!(
            read("{\"at\":{\"north\":1,\"north\":2}}")
                .expect_err("twice")
                .contains("duplicate field")
        );
    }
}
