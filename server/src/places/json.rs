use std::io::{BufRead, Read};

use serde_json::{Value, json};

use super::meter::PLACE_BYTES_MAX as LINE_BYTES_MAX;
use super::{Each, Place, object};

/// Reads lines, each a place or a feature of `GeoJSON`; empty ones are passed over.
pub(super) fn read(mut input: impl BufRead, each: Each<'_>) -> Result<(), String> {
    let mut line = Vec::new();
    for at in 1.. {
        line.clear();
        let mut rest = input.by_ref().take(LINE_BYTES_MAX as u64 + 1);
        let read = rest.read_until(b'\n', &mut line);
        match read.map_err(|error| format!("line {at}: can't read on: {error}"))? {
            0 => return Ok(()),
            length if length > LINE_BYTES_MAX => {
                return Err(format!("line {at} is over {LINE_BYTES_MAX} bytes; is it NDJSON?"));
            }
            _ => {}
        }
        let blank = line.iter().all(u8::is_ascii_whitespace);
        if !blank && !each(at, parse(&line)) {
            return Ok(());
        }
    }
    Ok(())
}

fn parse(line: &[u8]) -> Result<Place, String> {
    match serde_json::from_slice(line) {
        Ok(Value::Object(map)) if map.get("type") == Some(&json!("Feature")) => {
            object::feature(map)
        }
        Ok(Value::Object(map)) => object::place(map),
        Ok(_) => Err("is not a JSON object".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}
