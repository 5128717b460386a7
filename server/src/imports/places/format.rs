use std::path::Path;

use clap::ValueEnum;
use proximity::SourceName;

/// How places are written in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A line a place, behind a line that names the columns
    Csv,
    /// A JSON object a line
    Ndjson,
    /// A `FeatureCollection` of points
    Geojson,
}

impl Format {
    /// By the name of the file, `.gz` or not.
    pub(crate) fn from_path(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_ascii_lowercase();
        match name.trim_end_matches(".gz").rsplit_once('.')?.1 {
            "csv" => Some(Self::Csv),
            "ndjson" | "jsonl" => Some(Self::Ndjson),
            "geojson" => Some(Self::Geojson),
            _ => None,
        }
    }

    /// What the numbers of what is refused count.
    pub(crate) fn unit(self) -> &'static str {
        match self {
            Self::Csv | Self::Ndjson => "line",
            Self::Geojson => "feature",
        }
    }
}

/// The source that a file is by its name: `pois` of `data/pois.csv.gz`.
pub(crate) fn source(path: &Path) -> Option<SourceName> {
    let name = path.file_name()?.to_str()?;
    SourceName::parse(name.split('.').next().unwrap_or(name)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_tells_its_format_and_source() {
        for (name, format, named) in [
            ("data/pois.csv.gz", Some(Format::Csv), Some("pois")),
            ("a.b.NDJSON", Some(Format::Ndjson), Some("a")),
            ("x.jsonl", Some(Format::Ndjson), Some("x")),
            ("x.geojson.gz", Some(Format::Geojson), Some("x")),
            ("x.xlsx", None, Some("x")),
            ("x", None, Some("x")),
            (".csv", Some(Format::Csv), None),
        ] {
            let path = Path::new(name);
            assert_eq!(Format::from_path(path), format, "{name}");
            assert_eq!(source(path).as_ref().map(SourceName::as_str), named, "{name}");
        }
    }
}
