mod points;

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use history_writer::TrackFormat;

use super::ServiceArgs;
pub(crate) use points::ExportPointsArgs;

#[derive(Args)]
pub(crate) struct ExportWhatArgs {
    #[command(subcommand)]
    pub(crate) what: ExportCommand,
}

#[derive(Subcommand)]
pub(crate) enum ExportCommand {
    /// A user's track, or a stretch of it
    Track(ExportTrackArgs),
    /// Points of many users as Parquet, a folder a day
    Points(ExportPointsArgs),
}

#[derive(Args)]
#[command(after_help = TRACK_HELP)]
pub(crate) struct ExportTrackArgs {
    /// Whose
    #[arg(long, value_name = "ID")]
    pub(crate) user: String,
    /// From this moment on, Unix milliseconds [default: the first point]
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    pub(crate) from: Option<i64>,
    /// Up to this moment, without it, Unix milliseconds [default: the last point]
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    pub(crate) to: Option<i64>,
    /// How to write it
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "csv")]
    pub(crate) format: WrittenFormat,
    /// Into this file, which is made or replaced [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) service: ServiceArgs,
}

/// How a whole track is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum WrittenFormat {
    /// Lines with commas, behind one that names the columns
    Csv,
    /// A JSON object a line
    Ndjson,
    /// A collection of points
    #[value(name = "geojson")]
    GeoJson,
    /// GPX 1.1
    Gpx,
}

impl WrittenFormat {
    pub(crate) fn format(self) -> TrackFormat {
        match self {
            Self::Csv => TrackFormat::Csv,
            Self::Ndjson => TrackFormat::Ndjson,
            Self::GeoJson => TrackFormat::GeoJson,
            Self::Gpx => TrackFormat::Gpx,
        }
    }
}

const TRACK_HELP: &str = "\
Asks a running service, as a trusted service does, and writes the track as it comes, of any length. What may \
be missing is said at the end, on standard error; the exit code is then 1.

Examples:
  whereabouts export track --user alice --format gpx --output alice.gpx
  whereabouts export track --user alice --from 1700000000000 --to 1700086400000 | wc -l";
