use std::fmt;
use std::fs;
use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

use history_writer::TimeRange;
use jiff::tz::TimeZone;
use model::Timestamp;

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// In the folder of a day of which nothing is missing; readers of Parquet pass over names that begin so.
const WHOLE: &str = "_SUCCESS";
/// How the names of files with points begin and end.
const PART: (&str, &str) = ("part-", ".parquet");

/// A day in UTC, counted from 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Day(i64);

impl Day {
    /// The day of a moment.
    pub(crate) fn at(moment: Timestamp) -> Self {
        Self(moment.0.div_euclid(DAY_MS))
    }

    /// Its moments.
    pub(crate) fn times(self) -> TimeRange {
        let start = |day: i64| Timestamp(day.saturating_mul(DAY_MS));
        TimeRange { from: start(self.0), to: start(self.0.saturating_add(1)) }
    }

    /// The days that have a moment of this range, in order.
    pub(crate) fn all_in(range: TimeRange) -> impl Iterator<Item = Self> {
        let (first, last) = (Self::at(range.from), Self::at(range.to.plus_ms(-1)));
        (first.0..=last.0).map(Self)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.times().from.0) {
            Ok(start) => write!(f, "{}", start.to_zoned(TimeZone::UTC).date()),
            // Beyond the year 9999 there are no points.
            Err(_) => write!(f, "{}", self.0),
        }
    }
}

/// Where the folders of days are.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// The folder at this path, which is made if there is none.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        fs::create_dir_all(path)?;
        Ok(Self(path.to_owned()))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Whether all of a day is there.
    pub(crate) fn is_whole(&self, day: Day) -> bool {
        self.folder(day).join(WHOLE).exists()
    }

    /// Puts what was written of a day in the place of what was there before; where nothing was written, takes that away.
    pub(super) fn put(
        &self,
        day: Day,
        written: Option<&Path>,
        is_whole: bool,
    ) -> Result<(), Error> {
        let folder = self.folder(day);
        clear(&folder)?;
        let Some(written) = written else { return Ok(()) };
        if is_whole {
            fs::write(written.join(WHOLE), b"")?;
        }
        fs::rename(written, folder)
    }

    fn folder(&self, day: Day) -> PathBuf {
        self.0.join(format!("day={day}"))
    }
}

/// What the file with the nth part of a day's points is called.
pub(super) fn part_name(number: usize) -> String {
    let (head, tail) = PART;
    format!("{head}{number:04}{tail}")
}

/// Removes the folder of a day; errs if it has files of others.
fn clear(folder: &Path) -> Result<(), Error> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries?.collect::<Result<Vec<_>, _>>()?,
    };
    let (head, tail) = PART;
    let is_ours = |name: &str| name == WHOLE || (name.starts_with(head) && name.ends_with(tail));
    if let Some(other) = entries.iter().find(|it| !it.file_name().to_str().is_some_and(is_ours)) {
        return Err(Error::other(format!("{} isn't a file of an export", other.path().display())));
    }
    for entry in entries {
        fs::remove_file(entry.path())?;
    }
    fs::remove_dir(folder)
}
