use std::io::BufRead;

use ::csv::{ErrorKind, ReaderBuilder, StringRecord};
use serde_json::{Map, Value};

/// Fields of an event that a column can be.
const TEXTS: [&str; 3] = ["board", "user", "key"];
const NUMBERS: [&str; 3] = ["delta", "score", "happened_ms"];

/// A column of the file and the field that it is.
type Column = (usize, &'static str);

/// Reads lines with any of the columns, in any order; others don't matter.
pub(super) fn read(
    input: impl BufRead,
    names: &[(String, String)],
    has_board: bool,
    each: &mut dyn FnMut(u64, Result<Map<String, Value>, String>) -> bool,
) -> Result<(), String> {
    let mut reader = ReaderBuilder::new().from_reader(input);
    let header = reader.headers().map_err(|error| format!("the first line: {error}"))?;
    let columns = columns(header, names, has_board)?;
    let mut record = StringRecord::new();
    loop {
        let line = reader.position().line();
        let go_on = match reader.read_record(&mut record) {
            Ok(false) => return Ok(()),
            Ok(true) => {
                let at = record.position().map_or(line, ::csv::Position::line);
                each(at, event(&columns, &record))
            }
            Err(error) => match error.kind() {
                ErrorKind::Utf8 { .. } => each(line, Err("is not UTF-8".to_owned())),
                ErrorKind::UnequalLengths { expected_len, len, .. } => {
                    each(line, Err(format!("has {len} columns instead of {expected_len}")))
                }
                _ => return Err(format!("line {line}: can't read on: {error}")),
            },
        };
        if !go_on {
            return Ok(());
        }
    }
}

fn columns(
    header: &StringRecord,
    names: &[(String, String)],
    has_board: bool,
) -> Result<Vec<Column>, String> {
    if let Some((unknown, _)) =
        names.iter().find(|(ours, _)| !TEXTS.iter().chain(&NUMBERS).any(|known| known == ours))
    {
        let known = [TEXTS, NUMBERS].concat().join(", ");
        return Err(format!("--columns {unknown}: there is no such column; there are {known}"));
    }
    let mut columns = Vec::new();
    for field in TEXTS.into_iter().chain(NUMBERS) {
        let name = names.iter().find(|(ours, _)| ours == field).map(|(_, name)| name.as_str());
        let at = header.iter().position(|it| it.trim() == name.unwrap_or(field));
        match (at, name) {
            (Some(at), _) => columns.push((at, field)),
            (None, Some(name)) => return Err(format!("line 1: there is no column {name}")),
            (None, None) => {}
        }
    }
    let has = |field: &str| columns.iter().any(|(_, it)| *it == field);
    let lacking = [
        (has("user"), "user"),
        (has("board") || has_board, "board, and --board isn't given"),
        (has("delta") || has("score"), "delta or score"),
    ];
    match lacking.iter().find(|(is_there, _)| !is_there) {
        Some((_, what)) => Err(format!(
            "line 1: there is no column {what}; what a column is called in the file, --columns says"
        )),
        None => Ok(columns),
    }
}

fn event(columns: &[Column], record: &StringRecord) -> Result<Map<String, Value>, String> {
    let mut body = Map::new();
    for (at, field) in columns {
        let text = record.get(*at).unwrap_or_default().trim();
        if text.is_empty() {
            continue;
        }
        let value = if NUMBERS.contains(field) {
            let number: Result<i64, _> = text.parse();
            number.map(Value::from).map_err(|_| format!("{field} is no whole number of 64 bits"))?
        } else {
            Value::from(text)
        };
        body.insert((*field).to_owned(), value);
    }
    if !body.contains_key("user") {
        return Err("user is missing".to_owned());
    }
    Ok(body)
}
