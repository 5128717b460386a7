//! What each command can be told, and how it is read.

mod board;
mod configuration;
mod demo;
mod export;
mod import;
mod serve;
mod shard_map;
mod simulate;
mod token;
mod values;

use std::path::PathBuf;

use clap::Args;

pub(crate) use board::{
    BoardArgs, BoardCommand, ExportArgs, ExportFormat, ListArgs, OneArgs, ServiceArgs,
};
pub(crate) use configuration::{CheckConfigArgs, DumpConfigArgs, MigrateArgs};
pub(crate) use demo::DemoArgs;
pub(crate) use export::{ExportCommand, ExportPointsArgs, ExportTrackArgs, ExportWhatArgs};
pub(crate) use import::{ImportArgs, ImportCommand, PlacesArgs, ScoresArgs, TrackArgs};
pub(crate) use serve::ServeArgs;
pub(crate) use shard_map::{Changes, MapSource, PlanArgs, ShardMapArgs, ShardMapCommand, ShowArgs};
pub(crate) use simulate::SimulateArgs;
pub(crate) use token::{Signing, TokenArgs};

/// Where settings and state are.
#[derive(Args, Clone)]
pub(crate) struct Sources {
    /// A TOML file with settings, those that differ from what `dump-config` prints; variables such as
    /// `WHEREABOUTS__HTTP__LISTEN` lie over it
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The folder of the embedded state, and of the node's own key [default: whereabouts-data]
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
}
