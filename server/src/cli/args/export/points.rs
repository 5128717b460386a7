use std::path::PathBuf;

use clap::{ArgGroup, Args};
use model::Timestamp;

use crate::cli::args::ServiceArgs;
use crate::cli::args::values::moment;

#[derive(Args)]
#[command(after_help = POINTS_HELP)]
#[command(group(ArgGroup::new("whose").required(true).args(["all", "users", "user"])))]
pub(crate) struct ExportPointsArgs {
    /// From the beginning of this day in UTC, or from this moment in Unix milliseconds
    #[arg(long, value_name = "DAY", value_parser = moment, allow_negative_numbers = true)]
    pub(crate) from: Timestamp,
    /// Up to the beginning of this day in UTC, or up to this moment in Unix milliseconds, without it
    #[arg(long, value_name = "DAY", value_parser = moment, allow_negative_numbers = true)]
    pub(crate) to: Timestamp,
    /// Into this folder, which is made if there is none
    #[arg(long, value_name = "FOLDER")]
    pub(crate) output: PathBuf,
    /// Of all who have a track
    #[arg(long)]
    pub(crate) all: bool,
    /// Of those whose ids are in this file, one a line
    #[arg(long, value_name = "FILE")]
    pub(crate) users: Option<PathBuf>,
    /// Of this user; may be repeated
    #[arg(long, value_name = "ID")]
    pub(crate) user: Vec<String>,
    /// Leave the days alone that an export before this one has written whole
    #[arg(long)]
    pub(crate) resume: bool,
    #[command(flatten)]
    pub(crate) service: ServiceArgs,
}

const POINTS_HELP: &str = "\
Asks a running service, as a trusted service does, and writes a folder a day with Parquet files, sorted by \
user and time: user, device, time, received, seq, latitude, longitude, and what phones told beside these (null \
where one didn't); unshown says why nobody was shown a point. Memory doesn't grow with what is exported.

A day appears when it is written, in place of what was there before; one of which nothing is missing has a \
file _SUCCESS, and is replaced by another such day only. Interrupted, it goes on with --resume, which must be \
given the same users. What was erased isn't there; what was exported before is yours to erase: export it \
again.

Where points may be missing it is said why, and the exit code is 1.

Examples:
  whereabouts export points --all --from 2026-11-01 --to 2026-12-01 --output points
  whereabouts export points --users fleet.txt --from 2026-11-27 --to 2026-11-28 --output points
  duckdb -c \"SELECT day, count(*) FROM read_parquet('points/*/*.parquet', hive_partitioning = true) GROUP BY \
day\"";
