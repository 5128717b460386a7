use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{ServiceArgs, Sources};
use crate::imports::places::Format;
use crate::imports::scores::ScoresFormat;
use crate::imports::tracks::FixFormat;

#[derive(Args)]
pub(crate) struct ImportArgs {
    #[command(subcommand)]
    pub(crate) what: ImportCommand,
}

#[derive(Subcommand)]
pub(crate) enum ImportCommand {
    /// Businesses, from CSV, NDJSON or geographic features
    Places(PlacesArgs),
    /// Scores, from CSV or NDJSON, onto boards of a running service
    Scores(ScoresArgs),
    /// Fixes that other programs wrote, into the movement history of a running service
    Track(TrackArgs),
}

#[derive(Args)]
#[command(after_help = PLACES_HELP)]
pub(crate) struct PlacesArgs {
    /// The file, compressed by gzip or not
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// What the ids in the file belong to [default: the file's name up to the first dot]
    #[arg(long, value_name = "NAME")]
    pub(crate) source: Option<String>,
    /// How the file is written [default: by its name: .csv, .ndjson, .jsonl, .geojson]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<Format>,
    #[command(flatten)]
    pub(crate) sources: Sources,
}

#[derive(Args)]
#[command(after_help = SCORES_HELP)]
pub(crate) struct ScoresArgs {
    /// The file, compressed by gzip or not
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Onto this board, where the file doesn't say
    #[arg(long, value_name = "BOARD")]
    pub(crate) board: Option<String>,
    /// What columns of a CSV file are called there, such as user=player,delta=points
    #[arg(long, value_name = "COLUMN=NAME", value_delimiter = ',', value_parser = column)]
    pub(crate) columns: Vec<(String, String)>,
    /// Whose events these are: keys are this producer's own
    #[arg(long = "as", value_name = "ID", default_value = "import")]
    pub(crate) producer: String,
    /// What keys begin with where the file has none, followed by the line [default: the file's name]
    #[arg(long, value_name = "NAME")]
    pub(crate) source: Option<String>,
    /// How the file is written [default: by its name: .csv, .ndjson, .jsonl]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<ScoresFormat>,
    #[command(flatten)]
    pub(crate) service: ServiceArgs,
}

#[derive(Args)]
#[command(after_help = TRACK_HELP)]
pub(crate) struct TrackArgs {
    /// The file, compressed by gzip or not
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Whose fixes these are, where the file doesn't say
    #[arg(long, value_name = "ID")]
    pub(crate) user: String,
    /// Which device made them, where the file doesn't say
    #[arg(long, value_name = "ID", default_value = "import")]
    pub(crate) device: String,
    /// What columns of a CSV file are called there, such as ts=when,lat=y,lon=x
    #[arg(long, value_name = "COLUMN=NAME", value_delimiter = ',', value_parser = column)]
    pub(crate) columns: Vec<(String, String)>,
    /// How the file is written [default: by its name: .gpx, .csv, .rec, .json]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<FixFormat>,
    #[command(flatten)]
    pub(crate) service: ServiceArgs,
}

fn column(text: &str) -> Result<(String, String), String> {
    let (wanted, name) = text.split_once('=').ok_or("must be like user=player")?;
    Ok((wanted.trim().to_owned(), name.trim().to_owned()))
}

const SCORES_HELP: &str = "\
Posts the file to a running service, line after line, as a trusted service does: boards must be there. Each \
line counts once: by its key, or by the file's name and the line where there is none; importing again within \
the time that keys are remembered (a day) counts nothing twice. Lines that can't be counted are named with the \
reason; the others are, and the exit code is 1.

  CSV: columns board, user, delta or score, and key if there is, in any order; others don't matter
  NDJSON: an object a line, as POST /v1/scores takes it

Examples:
  whereabouts import scores results.csv --board weekly
  whereabouts import scores data/scores.csv.gz --columns board=season,user=player_id,delta=points
  whereabouts import scores results.ndjson --url http://localhost:8080 --as shop";

const TRACK_HELP: &str = "\
Posts the file to a running service, as a trusted service does, into the movement history of its user or \
users; fixes may be of any age, and nobody is shown them as present positions. A fix is known by its device, \
time and number: importing a file again changes nothing. What can't be read is passed over, and a table at the \
end says why, how often and where first; the exit code is then 1, but for what is no fix at all.

  gpx: the points of the tracks of GPX 1.0 and 1.1
  csv: columns ts, lat, lon; user, device, seq, accuracy_m, altitude_m, speed_mps, heading_deg, \
battery_percent if there are, in any order; ts in ISO 8601 or Unix time
  owntracks: the recordings of OwnTracks (.rec)
  google-timeline: Records.json of Google Takeout, or Timeline.json of a phone

Examples:
  whereabouts import track ride.gpx --user alice
  whereabouts import track fleet.csv.gz --user unknown --columns user=driver,ts=when
  whereabouts import track Records.json --user alice --url http://localhost:8080";

const PLACES_HELP: &str = "\
Writes where the settings keep businesses: into the data folder, which no running service may hold, or with \
--config into PostgreSQL, also while services run. A place is known by its source and its id there: importing \
again changes what is different and nothing else, and leaves alone what has an owner by now. Lines that are no \
places are named with the reason; the others are imported, and the exit code is 1.

  CSV: columns id, name, category, lat, lon, in any order; address, phone, site if there are
  NDJSON: an object a line: id, and what POST /v1/businesses takes; category, lat and lon as in CSV
  GeoJSON: a FeatureCollection of Points with id, name, category or categories among the properties

Examples:
  whereabouts import places data/pois.csv.gz
  whereabouts import places city.geojson --source city --data /var/lib/whereabouts
  whereabouts import places data/pois.csv.gz --config gateway.toml";
