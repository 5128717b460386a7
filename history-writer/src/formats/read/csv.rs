use model::{DeviceId, UserId};

use super::ImportError;
use super::imported::{Draft, Imported};
use super::lines::{LINE_BYTES_MAX, Lines};
use super::number::{moment, moment_ms, number};
use super::skipped::{SkipReason, Skipped};

/// The columns that we know, each with the names that it is found by where none is told. The first three must be there.
const KNOWN: [(&str, &[&str]); 11] = [
    (
        "ts",
        &["ts", "time", "timestamp", "datetime", "date_time", "time_ms", "ts_ms", "timestamp_ms"],
    ),
    ("lat", &["lat", "latitude"]),
    ("lon", &["lon", "lng", "long", "longitude"]),
    ("user", &["user", "user_id"]),
    ("device", &["device", "device_id"]),
    ("seq", &["seq"]),
    ("accuracy_m", &["accuracy_m", "accuracy"]),
    ("altitude_m", &["altitude_m", "altitude", "alt", "ele", "elevation"]),
    ("speed_mps", &["speed_mps", "speed"]),
    ("heading_deg", &["heading_deg", "heading", "bearing", "course"]),
    ("battery_percent", &["battery_percent", "battery"]),
];
const NEEDED: usize = 3;
/// Where the values of a fix begin among them.
const VALUES_FROM: usize = 6;

/// Columns by the names that they have in the file: our name, and the file's. Columns that aren't named here are looked for by
/// the usual ones.
pub type Columns = Vec<(String, String)>;

/// Reads lines of fields that a comma, a semicolon or a tab parts. A field may be in quotes, but not go over a line's end.
#[derive(Debug)]
pub(super) struct Reader {
    lines: Lines,
    table: Table,
}

#[derive(Debug)]
struct Table {
    names: Columns,
    header: Option<Header>,
    failed: Option<ImportError>,
}

#[derive(Debug)]
struct Header {
    delimiter: char,
    /// Where each of [`KNOWN`] is.
    columns: [Option<usize>; KNOWN.len()],
    is_in_ms: bool,
}

impl Reader {
    pub(super) fn new(names: Columns) -> Self {
        Self { lines: Lines::default(), table: Table { names, header: None, failed: None } }
    }

    pub(super) fn read(
        &mut self,
        bytes: &[u8],
        skipped: &mut Skipped,
        found: &mut Vec<Imported>,
    ) -> Result<(), ImportError> {
        let table = &mut self.table;
        self.lines.read(bytes, &mut |line, text| table.take(line, text, skipped, found));
        table.failed.clone().map_or(Ok(()), Err)
    }

    pub(super) fn finish(
        self,
        skipped: &mut Skipped,
        found: &mut Vec<Imported>,
    ) -> Result<(), ImportError> {
        let Self { lines, mut table } = self;
        lines.finish(&mut |line, text| table.take(line, text, skipped, found));
        match table.failed {
            Some(error) => Err(error),
            None if table.header.is_none() => Err(ImportError::OtherFormat("CSV")),
            None => Ok(()),
        }
    }
}

impl Table {
    fn take(
        &mut self,
        line: u64,
        text: Result<&str, SkipReason>,
        skipped: &mut Skipped,
        found: &mut Vec<Imported>,
    ) {
        if self.failed.is_some() || text.is_ok_and(|text| text.trim().is_empty()) {
            return;
        }
        let Some(header) = &self.header else {
            match header(text, &self.names) {
                Ok(header) => self.header = Some(header),
                Err(error) => self.failed = Some(error),
            }
            return;
        };
        match text.and_then(|text| header.fix(text)).and_then(|draft| draft.finish(skipped)) {
            Ok(imported) => found.push(imported),
            Err(reason) => skipped.count(reason, line),
        }
    }
}

impl Header {
    fn fix(&self, line: &str) -> Result<Draft, SkipReason> {
        let fields = fields(line, self.delimiter).ok_or(SkipReason::Malformed)?;
        let field = |which: usize| {
            let text = self.columns[which].and_then(|at| fields.get(at)).map(|field| field.trim());
            text.filter(|text| !text.is_empty())
        };
        let [time, latitude, longitude, user, device, seq] = [0, 1, 2, 3, 4, 5].map(field);
        let as_moment = if self.is_in_ms { moment_ms } else { moment };
        let mut draft = Draft {
            user: user.map(UserId::parse).transpose().map_err(|_| SkipReason::InvalidId)?,
            device: device.map(DeviceId::parse).transpose().map_err(|_| SkipReason::InvalidId)?,
            seq: seq.map(str::parse).transpose().map_err(|_| SkipReason::Malformed)?,
            time: read(time, as_moment, SkipReason::TimeOutOfRange)?,
            latitude: read(latitude, number, SkipReason::Malformed)?,
            longitude: read(longitude, number, SkipReason::Malformed)?,
            values: Default::default(),
        };
        for (value, which) in draft.values.iter_mut().zip(VALUES_FROM..) {
            // What can't be a number can't be a value either; it is counted as one that is out of its range.
            *value = field(which).map(|text| number(text).unwrap_or(f64::NAN));
        }
        Ok(draft)
    }
}

/// What a field says, if there is one; the error if it can't be read.
fn read<T>(
    field: Option<&str>,
    parse: fn(&str) -> Option<T>,
    error: SkipReason,
) -> Result<Option<T>, SkipReason> {
    field.map(|text| parse(text).ok_or(error)).transpose()
}

fn header(text: Result<&str, SkipReason>, names: &Columns) -> Result<Header, ImportError> {
    let text = match text {
        Ok(text) => text,
        Err(SkipReason::TooLong) => return Err(ImportError::TooLong(LINE_BYTES_MAX)),
        Err(_) => return Err(ImportError::OtherFormat("CSV")),
    };
    if let Some((unknown, _)) =
        names.iter().find(|(ours, _)| KNOWN.iter().all(|(it, _)| it != ours))
    {
        let known = KNOWN.map(|(name, _)| name).join(", ");
        return Err(ImportError::UnknownColumn(unknown.clone(), known));
    }
    let count = |delimiter: &char| text.matches(*delimiter).count();
    // Of equally frequent ones the last of a list is the greatest.
    let delimiter = ['\t', ';', ','].into_iter().max_by_key(count).unwrap_or(',');
    let fields = fields(text, delimiter).ok_or(ImportError::OtherFormat("CSV"))?;
    let mut columns = [None; KNOWN.len()];
    for (at, (ours, usual)) in KNOWN.iter().enumerate() {
        let told = names.iter().find(|(name, _)| name == ours).map(|(_, theirs)| theirs.as_str());
        let is_it = |field: &String| match told {
            Some(theirs) => field.trim() == theirs,
            None => usual.contains(&field.trim().to_ascii_lowercase().as_str()),
        };
        columns[at] = fields.iter().position(is_it);
        if columns[at].is_none() && (at < NEEDED || told.is_some()) {
            let missing = told.unwrap_or(ours).to_owned();
            return Err(ImportError::NoColumn(missing, fields.join(", ")));
        }
    }
    let is_in_ms =
        columns[0].is_some_and(|at| fields[at].trim().to_ascii_lowercase().ends_with("_ms"));
    Ok(Header { delimiter, columns, is_in_ms })
}

/// The fields of a line; `None` if a quote isn't closed, or something stands behind one.
fn fields(line: &str, delimiter: char) -> Option<Vec<String>> {
    let mut fields = Vec::new();
    let mut rest = line;
    loop {
        let Some(quoted) = rest.strip_prefix('"') else {
            let Some((field, behind)) = rest.split_once(delimiter) else {
                fields.push(rest.to_owned());
                return Some(fields);
            };
            fields.push(field.to_owned());
            rest = behind;
            continue;
        };
        let mut field = String::new();
        rest = quoted;
        loop {
            let (text, behind) = rest.split_once('"')?;
            field.push_str(text);
            rest = behind;
            // Two quotes stand for one.
            match rest.strip_prefix('"') {
                Some(behind) => {
                    field.push('"');
                    rest = behind;
                }
                None => break,
            }
        }
        fields.push(field);
        if rest.is_empty() {
            return Some(fields);
        }
        rest = rest.strip_prefix(delimiter)?;
    }
}
