mod csv;
mod gpx;
mod imported;
mod items;
mod lines;
mod number;
mod numbering;
mod owntracks;
mod skipped;
#[cfg(test)]
mod tests;
mod timeline;
mod xml;

use model::words;

pub use csv::Columns;
pub use imported::Imported;
pub use numbering::Numbering;
pub use skipped::{SkipReason, Skipped};

words! {
    /// What other programs write.
    pub enum ImportFormat {
        /// GPX 1.0 and 1.1: the points of its tracks.
        Gpx = "gpx",
        /// A line a fix, behind one with the names of the columns ([`Columns`]).
        Csv = "csv",
        /// The recordings of `OwnTracks` (`.rec`).
        OwnTracks = "owntracks",
        /// Google's location history: `Records.json` of Takeout, or `Timeline.json` of a phone.
        GoogleTimeline = "google_timeline",
    }
}

/// Why a file can't be read on. What was read before stays read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// It isn't of the format that was named.
    #[error("it isn't {0}")]
    OtherFormat(&'static str),
    /// The first line of a CSV file doesn't name a column that is needed, or names none of those that were told.
    #[error("the first line names no column {0}; it has {1}")]
    NoColumn(String, String),
    /// A column was named that there isn't.
    #[error("there is no column {0} to be named; there are {1}")]
    UnknownColumn(String, String),
    /// A document type, which could define what stands for anything.
    #[error("it has a document type (DOCTYPE), which isn't read")]
    DocumentType,
    /// Elements or objects in each other, more than these.
    #[error("more than {0} elements or objects lie in each other")]
    TooDeep(usize),
    /// A tag, or the first line of a CSV file, is longer than so many bytes.
    #[error("something is longer than {0} bytes")]
    TooLong(usize),
    /// It ends in the middle of something.
    #[error("it ends too early: the rest is missing")]
    CutOff,
}

/// Reads a file of fixes piece by piece.
///
/// What can't be read is passed over and counted with its reason; only what makes the rest unreadable is an error. Memory is bounded
/// whatever the file holds: lines and objects have a greatest length, and lie only so deep in each other.
#[derive(Debug)]
pub struct TrackReader {
    reader: Reader,
    skipped: Skipped,
}

#[derive(Debug)]
enum Reader {
    Csv(csv::Reader),
    OwnTracks(lines::Lines),
    Gpx(gpx::Reader),
    Timeline(items::Items),
}

impl TrackReader {
    /// Reads a file of this format; `columns` matter for CSV only.
    pub fn new(format: ImportFormat, columns: Columns) -> Self {
        let reader = match format {
            ImportFormat::Csv => Reader::Csv(csv::Reader::new(columns)),
            ImportFormat::OwnTracks => Reader::OwnTracks(lines::Lines::default()),
            ImportFormat::Gpx => Reader::Gpx(gpx::Reader::default()),
            ImportFormat::GoogleTimeline => Reader::Timeline(items::Items::new(timeline::LISTS)),
        };
        Self { reader, skipped: Skipped::default() }
    }

    /// Reads the next bytes of the file, and adds what is found in them.
    pub fn read(&mut self, bytes: &[u8], found: &mut Vec<Imported>) -> Result<(), ImportError> {
        let skipped = &mut self.skipped;
        match &mut self.reader {
            Reader::Csv(reader) => reader.read(bytes, skipped, found),
            Reader::OwnTracks(lines) => {
                lines.read(bytes, &mut |line, text| owntracks::take(line, text, skipped, found));
                Ok(())
            }
            Reader::Gpx(reader) => reader.read(bytes, skipped, found),
            Reader::Timeline(items) => items
                .read(bytes, &mut |at, list, item| timeline::take(at, list, item, skipped, found)),
        }
    }

    /// Reads what is left at the end of the file, and says what was passed over.
    pub fn finish(mut self, found: &mut Vec<Imported>) -> Result<Skipped, ImportError> {
        let skipped = &mut self.skipped;
        match self.reader {
            Reader::Csv(reader) => reader.finish(skipped, found)?,
            Reader::OwnTracks(lines) => {
                lines.finish(&mut |line, text| owntracks::take(line, text, skipped, found));
            }
            Reader::Gpx(reader) => reader.finish()?,
            Reader::Timeline(items) => items.finish("Google's location history")?,
        }
        Ok(self.skipped)
    }

    /// What was passed over so far.
    pub fn skipped(&self) -> &Skipped {
        &self.skipped
    }
}
