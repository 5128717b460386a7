use std::collections::BTreeMap;
use std::io::BufRead;

use ::csv::{ErrorKind, ReaderBuilder, StringRecord};
use model::Position;
use proximity::{Draft, SourceName};

use super::meter::Meter;
use super::{Each, Place};

/// What a column can be.
const COLUMNS: [&str; 8] = ["id", "name", "category", "lat", "lon", "address", "phone", "site"];

/// Those that must be there: the first so many of `COLUMNS`.
const NEEDED: usize = 5;

/// Reads lines with any of the columns, in any order; those from the address on may be missing, or empty.
pub(super) fn read(input: impl BufRead, each: Each<'_>) -> Result<(), String> {
    let meter = Meter::default();
    let mut reader = ReaderBuilder::new().from_reader(meter.read(input));
    let header = reader.headers().map_err(|error| format!("the first line: {error}"))?;
    let columns = columns(header)?;
    let mut record = StringRecord::new();
    loop {
        meter.next();
        let line = reader.position().line();
        let go_on = match reader.read_record(&mut record) {
            Ok(false) => return Ok(()),
            Ok(true) => {
                let at = record.position().map_or(line, ::csv::Position::line);
                each(at, place(&columns, &record))
            }
            Err(error) => {
                let at = error.position().map_or(line, ::csv::Position::line);
                each(at, Err(fault(&error)?))
            }
        };
        if !go_on {
            return Ok(());
        }
    }
}

/// What is wrong with a line, if there are others behind it.
fn fault(error: &::csv::Error) -> Result<String, String> {
    match error.kind() {
        ErrorKind::Utf8 { .. } => Ok("is not UTF-8".to_owned()),
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            Ok(format!("has {len} columns instead of {expected_len}"))
        }
        _ => Err(format!("can't read on: {error}")),
    }
}

fn columns(header: &StringRecord) -> Result<Vec<&'static str>, String> {
    let mut columns = Vec::new();
    for name in header {
        let known = COLUMNS.into_iter().find(|known| *known == name.trim());
        let known = known.filter(|known| !columns.contains(known));
        columns.push(known.ok_or_else(|| {
            format!(
                "line 1: column {name} is unknown or there twice; columns are {}",
                COLUMNS.join(",")
            )
        })?);
    }
    match COLUMNS[..NEEDED].iter().find(|name| !columns.contains(name)) {
        Some(name) => Err(format!("line 1: column {name} is missing")),
        None => Ok(columns),
    }
}

fn place(columns: &[&str], record: &StringRecord) -> Result<Place, String> {
    let text = |wanted| {
        let at = columns.iter().position(|column| *column == wanted);
        at.and_then(|at| record.get(at)).unwrap_or_default().trim()
    };
    let optional = |wanted| Some(text(wanted)).filter(|text| !text.is_empty()).map(str::to_owned);
    let degrees =
        |wanted| text(wanted).parse::<f64>().map_err(|_| format!("{wanted} is not a number"));
    let id = SourceName::parse(text("id")).map_err(|fault| format!("id {fault}"))?;
    let (latitude, longitude) = (degrees("lat")?, degrees("lon")?);
    let draft = Draft {
        name: text("name").to_owned(),
        categories: vec![text("category").to_owned()],
        address: optional("address"),
        position: Position::new(latitude, longitude).map_err(|fault| fault.to_string())?,
        hours: None,
        phone: optional("phone"),
        site: optional("site"),
        attributes: BTreeMap::new(),
    };
    Ok((id, draft.check().map_err(|fault| fault.to_string())?))
}
