//! Files of fixes, read as they come.

use std::io::{BufRead as _, Read};
use std::path::Path;

use clap::ValueEnum;
use history_writer::{ImportFormat, Numbering, Point, Skipped, TrackReader};
use model::UserId;

use crate::imports::text_file::plain;

/// How fixes are written in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FixFormat {
    /// Points of tracks, GPX 1.0 or 1.1
    Gpx,
    /// A line a fix, behind a line that names the columns
    Csv,
    /// What the app of that name records (.rec)
    #[value(name = "owntracks")]
    OwnTracks,
    /// Google's location history
    GoogleTimeline,
}

impl FixFormat {
    /// By the name of the file, `.gz` or not.
    pub(crate) fn from_path(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_ascii_lowercase();
        match name.trim_end_matches(".gz").rsplit_once('.')?.1 {
            "gpx" => Some(Self::Gpx),
            "csv" | "tsv" => Some(Self::Csv),
            "rec" => Some(Self::OwnTracks),
            "json" => Some(Self::GoogleTimeline),
            _ => None,
        }
    }

    fn format(self) -> ImportFormat {
        match self {
            Self::Gpx => ImportFormat::Gpx,
            Self::Csv => ImportFormat::Csv,
            Self::OwnTracks => ImportFormat::OwnTracks,
            Self::GoogleTimeline => ImportFormat::GoogleTimeline,
        }
    }
}

/// Reads a file, gzip or not, and gives each of its points with whose it is, until no more are wanted. Answers what was passed over;
/// errs if the file can't be read on.
pub(crate) fn read(
    file: Box<dyn Read + Send>,
    format: FixFormat,
    columns: Vec<(String, String)>,
    mut numbering: Numbering,
    mut each: impl FnMut(UserId, Point) -> bool,
) -> Result<Skipped, String> {
    let mut input = plain(file).map_err(|error| format!("can't read: {error}"))?;
    let mut reader = TrackReader::new(format.format(), columns);
    let mut found = Vec::new();
    loop {
        let bytes = input.fill_buf().map_err(|error| format!("can't read on: {error}"))?;
        let length = bytes.len();
        if length == 0 {
            break;
        }
        reader.read(bytes, &mut found).map_err(|error| error.to_string())?;
        input.consume(length);
        for imported in found.drain(..) {
            let (user, point) = numbering.point(imported);
            if !each(user, point) {
                return Ok(reader.skipped().clone());
            }
        }
    }
    let skipped = reader.finish(&mut found).map_err(|error| error.to_string())?;
    for imported in found {
        let (user, point) = numbering.point(imported);
        if !each(user, point) {
            break;
        }
    }
    Ok(skipped)
}

#[cfg(test)]
mod tests {
    use model::{DeviceId, Timestamp};

    use super::*;

    #[test]
    fn names_of_files_tell_their_formats() {
        for (name, format) in [
            ("ride.gpx", Some(FixFormat::Gpx)),
            ("FLEET.CSV.GZ", Some(FixFormat::Csv)),
            ("2024-01.rec", Some(FixFormat::OwnTracks)),
            ("Records.json", Some(FixFormat::GoogleTimeline)),
            ("ride", None),
            ("ride.kml", None),
        ] {
            assert_eq!(FixFormat::from_path(Path::new(name)), format, "{name}");
        }
    }

    #[test]
    fn all_points_are_given_and_what_is_passed_over_is_said() {
        let text =
            "ts,lat,lon,user\n1700000000000,1,2,\n1700000001000,91,2,\n1700000002000,3,4,bob";
        let user = UserId::parse("alice").expect("an id");
        let device = DeviceId::parse("import").expect("an id");
        let numbering = Numbering::new(user, device, Timestamp(0));
        let file = Box::new(std::io::Cursor::new(text.as_bytes()));
        let mut points = Vec::new();
        let skipped = read(file, FixFormat::Csv, Vec::new(), numbering, |user, point| {
            points.push((user.to_string(), point.effective().0));
            true
        });
        assert_eq!(skipped.map(|it| it.total()), Ok(1));
        let expected =
            [("alice".to_owned(), 1_700_000_000_000), ("bob".to_owned(), 1_700_000_002_000)];
        assert_eq!(points, expected);
    }
}
