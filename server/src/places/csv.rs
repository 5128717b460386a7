use std::collections::BTreeMap;
use std::io::BufRead;

use ::csv::{ErrorKind, ReaderBuilder, StringRecord};
use model::Position;
use proximity::{Draft, SourceName};

use super::meter::Meter;
use super::{Each, Place};

/// What a column can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Id,
    Name,
    Category,
    Latitude,
    Longitude,
    Address,
    Phone,
    Site,
}

const COLUMNS: [(&str, Column); 8] = [
    ("id", Column::Id),
    ("name", Column::Name),
    ("category", Column::Category),
    ("lat", Column::Latitude),
    ("lon", Column::Longitude),
    ("address", Column::Address),
    ("phone", Column::Phone),
    ("site", Column::Site),
];

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

fn columns(header: &StringRecord) -> Result<Vec<Column>, String> {
    let mut columns = Vec::new();
    for name in header {
        let known = COLUMNS.iter().find(|(known, _)| *known == name.trim());
        let known = known.map(|(_, column)| *column).filter(|column| !columns.contains(column));
        columns.push(known.ok_or_else(|| {
            let names: Vec<_> = COLUMNS.iter().map(|(name, _)| *name).collect();
            format!(
                "line 1: column {name} is unknown or there twice; columns are {}",
                names.join(",")
            )
        })?);
    }
    match COLUMNS[..NEEDED].iter().find(|(_, column)| !columns.contains(column)) {
        Some((name, _)) => Err(format!("line 1: column {name} is missing")),
        None => Ok(columns),
    }
}

fn place(columns: &[Column], record: &StringRecord) -> Result<Place, String> {
    let text = |wanted| {
        let at = columns.iter().position(|column| *column == wanted);
        at.and_then(|at| record.get(at)).unwrap_or_default().trim()
    };
    let optional = |wanted| Some(text(wanted)).filter(|text| !text.is_empty()).map(str::to_owned);
    let degrees = |name: &str, wanted| {
        text(wanted).parse::<f64>().map_err(|_| format!("{name} is not a number"))
    };
    let id = SourceName::parse(text(Column::Id)).map_err(|fault| format!("id {fault}"))?;
    let (latitude, longitude) =
        (degrees("lat", Column::Latitude)?, degrees("lon", Column::Longitude)?);
    let draft = Draft {
        name: text(Column::Name).to_owned(),
        categories: vec![text(Column::Category).to_owned()],
        address: optional(Column::Address),
        position: Position::new(latitude, longitude).map_err(|fault| fault.to_string())?,
        hours: None,
        phone: optional(Column::Phone),
        site: optional(Column::Site),
        attributes: BTreeMap::new(),
    };
    Ok((id, draft.check().map_err(|fault| fault.to_string())?))
}
