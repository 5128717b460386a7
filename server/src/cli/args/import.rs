use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Sources;
use crate::places::Format;

#[derive(Args)]
pub(crate) struct ImportArgs {
    #[command(subcommand)]
    pub(crate) what: ImportCommand,
}

#[derive(Subcommand)]
pub(crate) enum ImportCommand {
    /// Businesses, from CSV, NDJSON or geographic features
    Places(PlacesArgs),
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

const PLACES_HELP: &str = "\
Writes where the settings keep businesses: into the data folder, which no running service may hold,
or with --config into PostgreSQL, also while services run. A place is known by its source and its id
there: importing again changes what is different and nothing else, and leaves alone what has an owner
by now. Lines that are no places are named with the reason; the others are imported, and the exit
code is 1.

  CSV      columns id, name, category, lat, lon, in any order; address, phone, site if there are
  NDJSON   an object a line: id, and what POST /v1/businesses takes; category, lat and lon as in CSV
  GeoJSON  a FeatureCollection of Points with id, name, category or categories among the properties

Examples:
  whereabouts import places data/pois.csv.gz
  whereabouts import places city.geojson --source city --data /var/lib/whereabouts
  whereabouts import places data/pois.csv.gz --config gateway.toml";
