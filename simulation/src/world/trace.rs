use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use csv::StringRecord;
use flate2::bufread::MultiGzDecoder;
use model::{Position, UserId};

use crate::Error;

/// More people than this in one trace is a mistake: one process can't hold as many sockets.
const PEOPLE_MAX: usize = 100_000;

/// One recorded position.
#[derive(Debug, Clone)]
pub struct Row {
    /// Who.
    pub user: UserId,
    /// When, in seconds since whatever the file counts from.
    pub seconds: f64,
    /// Where.
    pub position: Position,
}

/// Reads a trace row by row: CSV, plain or `.gz`, with the header `user,seconds,lat,lon` (or `ts` for `seconds`),
/// sorted by time.
pub struct Trace {
    path: PathBuf,
    rows: csv::Reader<Box<dyn Read + Send>>,
    record: StringRecord,
    previous_seconds: f64,
}

impl Trace {
    /// Opens the file and checks its header.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let fault = |detail: String| Error::file(path, None, detail);
        let file = BufReader::new(File::open(path).map_err(|error| fault(error.to_string()))?);
        let bytes: Box<dyn Read + Send> = if path.extension().is_some_and(|e| e == "gz") {
            Box::new(MultiGzDecoder::new(file))
        } else {
            Box::new(file)
        };
        let mut rows = csv::Reader::from_reader(bytes);
        let header = rows.headers().map_err(|error| fault(error.to_string()))?;
        let names: Vec<_> = header.iter().map(str::trim).collect();
        if !matches!(names[..], ["user", "seconds" | "ts", "lat", "lon"]) {
            return Err(Error::file(
                path,
                Some(1),
                "the header must be user,seconds,lat,lon or user,ts,lat,lon",
            ));
        }
        Ok(Self {
            path: path.to_owned(),
            rows,
            record: StringRecord::new(),
            previous_seconds: f64::NEG_INFINITY,
        })
    }

    fn row(&mut self) -> Result<Row, Error> {
        let line = self.record.position().map(csv::Position::line);
        let fault = |detail: String| Error::file(&self.path, line, detail);
        let field = |at: usize| self.record.get(at).unwrap_or_default().trim();
        let number = |at: usize, name: &str| {
            field(at)
                .parse::<f64>()
                .ok()
                .filter(|value| value.is_finite())
                .ok_or_else(|| fault(format!("{name} is no finite number")))
        };
        let user = UserId::parse(field(0)).map_err(|why| fault(format!("the user {why}")))?;
        let seconds = number(1, "the time")?;
        let position = Position::new(number(2, "the latitude")?, number(3, "the longitude")?)
            .map_err(|why| fault(why.to_string()))?;
        if seconds < self.previous_seconds {
            return Err(fault("is earlier than the line before; sort the file by time".into()));
        }
        self.previous_seconds = seconds;
        Ok(Row { user, seconds, position })
    }
}

impl Iterator for Trace {
    type Item = Result<Row, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.rows.read_record(&mut self.record) {
            Ok(false) => None,
            Ok(true) => Some(self.row()),
            Err(error) => {
                let line = error.position().map(csv::Position::line);
                Some(Err(Error::file(&self.path, line, error)))
            }
        }
    }
}

/// What must be known of a trace before it is replayed.
#[derive(Debug)]
pub struct Survey {
    /// Everybody in the file, in order of appearance.
    pub users: Vec<UserId>,
    /// Per user, the last fix at or before the start: seconds and position.
    pub last_known: Vec<Option<(f64, Position)>>,
    /// When the replay starts: the time asked for, or the first row's where that is later.
    pub start_seconds: f64,
}

/// Reads the whole file once: who is in it, where they are at `from_seconds`, and whether every line makes sense.
pub fn survey(path: &Path, from_seconds: f64) -> Result<Survey, Error> {
    let mut index: HashMap<UserId, usize> = HashMap::new();
    let mut found =
        Survey { users: Vec::new(), last_known: Vec::new(), start_seconds: from_seconds };
    for (count, row) in Trace::open(path)?.enumerate() {
        let row = row?;
        if count == 0 {
            found.start_seconds = from_seconds.max(row.seconds);
        }
        let at = *index.entry(row.user.clone()).or_insert(found.users.len());
        if at == found.users.len() {
            found.users.push(row.user);
            found.last_known.push(None);
        }
        if row.seconds <= found.start_seconds {
            found.last_known[at] = Some((row.seconds, row.position));
        }
        if found.users.len() > PEOPLE_MAX {
            return Err(Error::file(path, None, format!("more than {PEOPLE_MAX} people")));
        }
    }
    if found.users.is_empty() {
        return Err(Error::file(path, None, "holds no fix"));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn written(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        file.write_all(text.as_bytes()).expect("written");
        file
    }

    fn complaint(text: &str) -> String {
        survey(written(text).path(), 0.0).expect_err("refused").to_string()
    }

    #[test]
    fn a_survey_finds_everybody_and_where_they_are_at_the_start() {
        let file = written("user,seconds,lat,lon\na,1,1,1\nb,2,2,2\na,3,3,3\nc,9,4,4\n");
        let found = survey(file.path(), 3.0).expect("readable");
        assert_eq!(found.users.iter().map(UserId::as_str).collect::<Vec<_>>(), ["a", "b", "c"]);
        let seconds: Vec<_> = found.last_known.iter().map(|l| l.map(|(s, _)| s)).collect();
        assert_eq!(seconds, [Some(3.0), Some(2.0), None]);
    }

    #[test]
    fn a_trace_that_starts_later_than_asked_starts_with_its_first_row() {
        let file = written("user,ts,lat,lon\na,1559810013.091,1,1\n");
        let found = survey(file.path(), 0.0).expect("readable");
        assert!((found.start_seconds - 1_559_810_013.091).abs() < 1e-6);
        assert!(found.last_known[0].is_some());
    }

    #[test]
    fn a_compressed_trace_reads_like_a_plain_one() {
        let text = "user,ts,lat,lon\na,1,1,1\n";
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(text.as_bytes()).expect("packed");
        let mut file = tempfile::Builder::new().suffix(".csv.gz").tempfile().expect("a file");
        file.write_all(&packer.finish().expect("packed")).expect("written");
        assert_eq!(Trace::open(file.path()).expect("opened").count(), 1);
    }

    #[test]
    fn the_city_day_has_sixty_people() {
        let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../data/city_day.csv.gz"));
        let found = survey(path, 30_600.0).expect("readable to its end");
        assert_eq!(found.users.len(), 60);
        assert!(found.last_known.iter().flatten().any(|(seconds, _)| *seconds > 30_000.0));
    }

    #[test]
    fn faults_name_the_line() {
        let head = "user,seconds,lat,lon\na,1,1,1\n";
        for (row, words) in [
            ("a,x,1,1", "line 3: the time"),
            ("a,2,NaN,1", "line 3: the latitude"),
            ("a,2,91,1", "line 3: latitude must be"),
            ("a b,2,1,1", "line 3: the user has a character"),
            ("a,2,1", "line 3"),
            ("a,0.5,1,1", "line 3: is earlier"),
        ] {
            let said = complaint(&format!("{head}{row}\n"));
            assert!(said.contains(words), "{row}: {said}");
        }
        assert!(complaint("who,when,lat,lon\n").contains("line 1: the header must be"));
        assert!(complaint("user,seconds,lat,lon\n").contains("holds no fix"));
    }

    #[test]
    fn a_missing_file_is_named() {
        let said = Trace::open(Path::new("absent.csv")).err().expect("refused").to_string();
        assert!(said.contains("absent.csv"), "{said}");
    }
}
