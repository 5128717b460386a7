use std::io::BufRead;

use serde_json::{Map, Value};

use crate::imports::text_file::lines;

/// The longest line, bytes: more than any event has.
const LINE_BYTES_MAX: usize = 64 * 1024;

/// Reads lines, each an event; empty ones are passed over.
pub(super) fn read(
    input: impl BufRead,
    each: &mut dyn FnMut(u64, Result<Map<String, Value>, String>) -> bool,
) -> Result<(), String> {
    lines(input, LINE_BYTES_MAX, |at, line| each(at, parse(line)))
}

fn parse(line: &[u8]) -> Result<Map<String, Value>, String> {
    match serde_json::from_slice(line) {
        Ok(Value::Object(event)) => Ok(event),
        Ok(_) => Err("is not a JSON object".to_owned()),
        Err(error) => Err(api::plain(&error.to_string())),
    }
}
