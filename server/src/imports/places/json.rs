use std::io::BufRead;

use serde_json::{Value, json};

use super::meter::PLACE_BYTES_MAX as LINE_BYTES_MAX;
use super::{Each, Place, object};
use crate::imports::text_file::lines;

/// Reads lines, each a place or a feature of `GeoJSON`; empty ones are passed over.
pub(super) fn read(input: impl BufRead, each: Each<'_>) -> Result<(), String> {
    lines(input, LINE_BYTES_MAX, |at, line| each(at, parse(line)))
}

fn parse(line: &[u8]) -> Result<Place, String> {
    match serde_json::from_slice(line) {
        Ok(Value::Object(map)) if map.get("type") == Some(&json!("Feature")) => {
            object::feature(map)
        }
        Ok(Value::Object(map)) => object::place(map),
        Ok(_) => Err("is not a JSON object".to_owned()),
        Err(error) => Err(api::plain(&error.to_string())),
    }
}
