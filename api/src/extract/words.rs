//! What is wrong with a value, in the words of JSON rather than of the program.

/// Words of the program's types, in what the parser expected, and what they are called on the wire. The range of a type is no
/// field's: whatever has one is a [`Whole`](super::Whole).
const EXPECTED: [(&str, &str); 22] = [
    ("f64", "a number"),
    ("f32", "a number"),
    ("u8", "a whole number, at least 0"),
    ("u16", "a whole number, at least 0"),
    ("u32", "a whole number, at least 0"),
    ("u64", "a whole number, at least 0"),
    ("u128", "a whole number, at least 0"),
    ("usize", "a whole number, at least 0"),
    ("i8", "a whole number"),
    ("i16", "a whole number"),
    ("i32", "a whole number"),
    ("i64", "a whole number"),
    ("isize", "a whole number"),
    ("a string", "a text"),
    ("a borrowed string", "a text"),
    ("string or map", "a text"),
    ("a boolean", "true or false"),
    ("a sequence", "a list"),
    ("a map", "an object"),
    ("any value", "a value"),
    ("any valid JSON value", "a value"),
    ("unit", "null"),
];

/// What the parser says of a text that isn't JSON, where only who wrote it would understand that.
const OF_JSON: [(&str, &str); 11] = [
    ("EOF while parsing a list", "the JSON breaks off within a list"),
    ("EOF while parsing an object", "the JSON breaks off within an object"),
    ("EOF while parsing a string", "the JSON breaks off within a text"),
    ("EOF while parsing a value", "the JSON breaks off where a value is expected"),
    ("expected ident", "expected a value: the only words of JSON are true, false and null"),
    ("key must be a string", "a key must be a text in double quotes"),
    (
        "control character (\\u0000-\\u001F) found while parsing a string",
        "a control character within a text must be escaped",
    ),
    ("lone leading surrogate in hex escape", "a hex escape is half of a surrogate pair"),
    ("unexpected end of hex escape", "a hex escape breaks off, or is half of a surrogate pair"),
    ("invalid unicode code point", "a hex escape is no character"),
    ("recursion limit exceeded", "lists and objects stand too deep within each other"),
];

/// Says what a parser said of a value, or of a text that isn't JSON.
pub fn plain(said: &str) -> String {
    let (said, place) = match said.rfind(" at line ") {
        Some(at) => said.split_at(at),
        None => (said, ""),
    };
    for kind in ["invalid type: ", "invalid value: ", "invalid length "] {
        let Some((found, expected)) =
            said.strip_prefix(kind).and_then(|rest| rest.rsplit_once(", expected "))
        else {
            continue;
        };
        let expected = match EXPECTED.iter().find(|(word, _)| *word == expected) {
            Some((_, words)) => (*words).to_owned(),
            None if expected.starts_with("struct ") => "an object".to_owned(),
            None if expected.starts_with("tuple ") || expected.starts_with("an array of ") => {
                "a list of fixed length".to_owned()
            }
            None if expected.contains(' ') => expected.to_owned(),
            None => "something else".to_owned(),
        };
        return format!("must be {expected}, and is {}{place}", found_words(found));
    }
    if let Some((_, words)) = OF_JSON.iter().find(|(known, _)| *known == said) {
        return format!("{words}{place}");
    }
    // A word that isn't one of those that there are.
    if let Some((word, known)) =
        said.strip_prefix("unknown variant ").and_then(|rest| rest.split_once(", expected "))
    {
        let known = known.strip_prefix("one of ").unwrap_or(known);
        return format!("must be one of {known}, and is {word}{place}");
    }
    if said.starts_with("data did not match any variant") {
        return format!("is none of what it may be{place}");
    }
    format!("{said}{place}")
}

/// What parsers of numbers and such say of a text, and what that means.
const OF_TEXTS: [(&str, &str); 7] = [
    ("invalid digit found in string", "must be a whole number"),
    ("cannot parse integer from empty string", "must be a whole number, and is empty"),
    ("number too large to fit in target type", "is too large a number"),
    ("number too small to fit in target type", "is too small a number"),
    ("invalid float literal", "must be a number"),
    ("cannot parse float from empty string", "must be a number, and is empty"),
    ("provided string was not `true` or `false`", "must be true or false"),
];

/// Says what a parser said of a parameter, whose value is a text.
pub(crate) fn parameter(said: &str) -> String {
    let (name, said) = match said.split_once(": ") {
        Some((name, said)) if !name.contains(' ') => (format!("{name}: "), said),
        _ => (String::new(), said),
    };
    let words = OF_TEXTS.iter().find(|(known, _)| *known == said);
    format!("{name}{}", words.map_or_else(|| plain(said), |(_, words)| (*words).to_owned()))
}

/// What was found; texts aren't repeated.
fn found_words(found: &str) -> String {
    let in_ticks = |prefix: &str| found.strip_prefix(prefix)?.strip_suffix('`');
    let number = in_ticks("integer `").or_else(|| in_ticks("floating point `"));
    match (number, found) {
        (Some(number), _) => number.to_owned(),
        _ if found.starts_with("string ") || found.starts_with("character ") => "a text".to_owned(),
        _ if found.starts_with("boolean ") => "true or false".to_owned(),
        (_, "sequence") => "a list".to_owned(),
        (_, "map") => "an object".to_owned(),
        (_, "null" | "unit value" | "Option value") => "null".to_owned(),
        _ => found.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde::de::DeserializeOwned;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Inner {
        #[serde(rename = "a")]
        _a: u8,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Size {
        Small,
        Large,
        Enormous,
    }

    fn said<T: DeserializeOwned + std::fmt::Debug>(json: &str) -> String {
        plain(&serde_json::from_str::<T>(json).expect_err("refused").to_string())
    }

    #[test]
    fn what_is_wrong_is_said_without_words_of_the_program() {
        for (said, words) in [
            (said::<f64>("\"x\""), "must be a number, and is a text"),
            (said::<u8>("256"), "must be a whole number, at least 0, and is 256"),
            (said::<u64>("-1"), "must be a whole number, at least 0, and is -1"),
            (said::<i64>("1.5"), "must be a whole number, and is 1.5"),
            (said::<u32>("null"), "and is null"),
            (said::<String>("[1]"), "must be a text, and is a list"),
            (said::<bool>("{}"), "must be true or false, and is an object"),
            (said::<Vec<u8>>("true"), "must be a list, and is true or false"),
            (said::<Inner>("7"), "must be an object, and is 7"),
            (said::<[u8; 2]>("[1]"), "a list of fixed length"),
            (said::<String>("\"a"), "breaks off within a text"),
            (said::<Vec<u8>>("[1"), "breaks off within a list"),
            (said::<Inner>("{\"a\":1"), "breaks off within an object"),
            (said::<u8>(""), "breaks off where a value is expected"),
            (said::<bool>("tru"), "breaks off"),
            (said::<bool>("nul"), "breaks off"),
            (said::<serde_json::Value>("[nul]"), "true, false and null"),
            (said::<Inner>("{a:1}"), "a key must be a text in double quotes"),
            (said::<String>("\"\t\""), "a control character within a text must be escaped"),
            (said::<String>("\"\\ud800\""), "a hex escape"),
            (said::<String>("\"\\ud800\\u0041\""), "half of a surrogate pair"),
            (said::<String>("\"\\u12"), "breaks off"),
            (said::<serde_json::Value>(&"[".repeat(200)), "too deep"),
            (
                said::<Size>("\"huge\""),
                "must be one of `small`, `large`, `enormous`, and is `huge`",
            ),
            (said::<std::collections::BTreeMap<String, u8>>("7"), "must be an object, and is 7"),
        ] {
            assert!(said.contains(words), "{said}");
            for word in [
                "u8", "u64", "i64", "f64", "struct", "string", "sequence", "floating", "EOF",
                "ident", "variant",
            ] {
                assert!(!said.contains(word), "{said}");
            }
        }
    }

    #[test]
    fn what_is_wrong_with_a_parameter_is_said_too() {
        assert_eq!(
            parameter("limit: invalid digit found in string"),
            "limit: must be a whole number"
        );
        assert_eq!(parameter("missing field `latitude`"), "missing field `latitude`");
        for said in [
            "x".parse::<f64>().map_err(|e| e.to_string()).map(|_| ()),
            "300".parse::<u8>().map_err(|e| e.to_string()).map(|_| ()),
        ] {
            let said = said.expect_err("refused");
            assert_ne!(parameter(&said), said);
        }
    }

    #[test]
    fn other_words_stay() {
        assert_eq!(
            plain("missing field `name` at line 1 column 2"),
            "missing field `name` at line 1 column 2"
        );
        assert_eq!(
            plain("unknown field `x`, expected `a` or `b`"),
            "unknown field `x`, expected `a` or `b`"
        );
    }
}
