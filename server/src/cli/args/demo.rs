use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::values::{TimeOfDay, duration, speed, time_of_day};
use crate::config::address;

/// Where `./cluster` keeps what it needs to know, unless told otherwise.
const CLUSTER: &str = "target/cluster";

#[derive(Args)]
#[command(after_help = DEMO_HELP)]
pub(crate) struct DemoArgs {
    /// Where to listen
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080", value_parser = address::parse)]
    pub(crate) listen: SocketAddr,
    /// Start no service, but spread the people over the gateways of `./cluster up`, whose folder this is
    /// [default: target/cluster]
    #[arg(
        long,
        value_name = "DIR",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = CLUSTER,
        conflicts_with_all = ["listen", "data"]
    )]
    pub(crate) cluster: Option<PathBuf>,
    /// Seconds of the recorded day per second; the TTL shrinks by as much (not that of a cluster)
    #[arg(long, value_name = "N", default_value_t = 60.0, value_parser = speed)]
    pub(crate) speed: f64,
    /// Time of the recorded day to start at; after two hours of it they begin again
    #[arg(long, value_name = "HH:MM", default_value = "08:30", value_parser = time_of_day)]
    pub(crate) from: TimeOfDay,
    /// End after this time, such as 60s or 5m [default: with Ctrl-C]
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub(crate) duration: Option<Duration>,
    /// Keep the state in this folder instead of a temporary one
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Only a machine-readable summary, at the end
    #[arg(long)]
    pub(crate) json: bool,
}

const DEMO_HELP: &str = "\
Examples:
  whereabouts demo
      in this process; Ctrl-C ends it
  whereabouts demo --for 60s --json
      a summary for programs, with the oracle's verdict
  ./cluster up && whereabouts demo --cluster
      on the gateways of a cluster, over Redis and PostgreSQL";
