use std::io::{BufRead, Read as _};

use serde_json::{Map, Value};

/// The longest line, bytes: more than any event has.
const LINE_BYTES_MAX: usize = 64 * 1024;

/// Reads lines, each an event; empty ones are passed over.
pub(super) fn read(
    mut input: impl BufRead,
    each: &mut dyn FnMut(u64, Result<Map<String, Value>, String>) -> bool,
) -> Result<(), String> {
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
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let event = match serde_json::from_slice(&line) {
            Ok(Value::Object(event)) => Ok(event),
            Ok(_) => Err("is not a JSON object".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        if !each(at, event) {
            return Ok(());
        }
    }
    Ok(())
}
