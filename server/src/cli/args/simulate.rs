use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::Signing;
use super::values::{TimeOfDay, distance_m, duration, place, speed, time_of_day, whole};

#[derive(Args)]
#[command(after_help = SIMULATE_HELP)]
pub(crate) struct SimulateArgs {
    #[command(flatten)]
    pub(crate) signing: Signing,
    /// The service; given several times, people are spread over them
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
    pub(crate) address: Vec<String>,
    /// Replay this trace (CSV or .csv.gz: user,seconds,lat,lon) instead of walking
    #[arg(long, value_name = "FILE", conflicts_with_all = ["users", "interval", "centre", "spread_m"])]
    pub(crate) trace: Option<PathBuf>,
    /// Time of the trace to start at
    #[arg(long, value_name = "HH:MM", default_value = "00:00", value_parser = time_of_day)]
    pub(crate) from: TimeOfDay,
    /// Seconds of the trace per second (start the service with a TTL that is shorter by as much)
    #[arg(long, value_name = "N", default_value_t = 1.0, value_parser = speed)]
    pub(crate) speed: f64,
    /// People who walk between places
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = whole::<usize>)]
    pub(crate) users: usize,
    /// How often each reports
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration)]
    pub(crate) interval: Duration,
    /// The middle of where they walk
    #[arg(long, value_name = "LAT,LON", default_value = "36.17,-115.14", value_parser = place, allow_hyphen_values = true)]
    pub(crate) centre: (f64, f64),
    /// How far from it they go, metres
    #[arg(long, value_name = "METRES", default_value_t = 12_000.0, value_parser = distance_m)]
    pub(crate) spread_m: f64,
    /// Friendships from this file (lines of a,b) instead of generated ones
    #[arg(long, value_name = "FILE", conflicts_with_all = ["friends", "strangers"])]
    pub(crate) graph: Option<PathBuf>,
    /// Friends of each
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = whole::<usize>)]
    pub(crate) friends: usize,
    /// People without any
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = whole::<usize>)]
    pub(crate) strangers: usize,
    /// The same seed makes the same friends and the same ways
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = whole::<u64>)]
    pub(crate) seed: u64,
    /// The users and friendships exist from an earlier run
    #[arg(long)]
    pub(crate) no_setup: bool,
    /// End after this time, such as 60s or 10m [default: at the end of the trace, or with Ctrl-C]
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub(crate) duration: Option<Duration>,
    /// How often the oracle looks
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = duration)]
    pub(crate) check_every: Duration,
    /// Watch the memory of this process
    #[arg(long, value_name = "PID", value_parser = whole::<u32>)]
    pub(crate) watch_pid: Option<u32>,
    /// Only a machine-readable summary, at the end
    #[arg(long)]
    pub(crate) json: bool,
}

const SIMULATE_HELP: &str = "\
Examples:
  whereabouts serve &
  whereabouts simulate --users 500 --friends 20 --for 60s
  whereabouts simulate --trace data/traces.csv.gz --speed 60 --friends 3 --json

The oracle compares, every now and then, what everybody sees with a brute-force computation. The exit code is \
1 if anybody was missed or shown wrongly, or a fix was lost.";
