//! What each command can be told, and how it is read.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

/// Where settings and state are.
#[derive(Args, Clone)]
pub(crate) struct Place {
    /// A TOML file with settings; see default.toml for all of them
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The folder of the embedded state, and of the node's own key [default: whereabouts-data]
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Where to listen [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) listen: Option<SocketAddr>,
    /// Development mode: a page at /, and tokens for anybody who asks (loopback only)
    #[arg(long)]
    pub(crate) dev: bool,
}

#[derive(Args)]
pub(crate) struct DemoArgs {
    /// Where to listen
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// Seconds of the recorded day per second; the TTL shrinks by as much
    #[arg(long, value_name = "N", default_value_t = 60.0, value_parser = speed)]
    pub(crate) speed: f64,
    /// Time of the recorded day to start at
    #[arg(long, value_name = "HH:MM", default_value = "08:30", value_parser = time_of_day)]
    pub(crate) from: TimeOfDay,
    /// End after this time, such as 60s or 5m [default: at the end of the day, or with Ctrl-C]
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub(crate) duration: Option<Duration>,
    /// Keep the state in this folder instead of a temporary one
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Only a machine-readable summary, at the end
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct TokenArgs {
    #[command(flatten)]
    pub(crate) signing: Signing,
    /// Whose token
    #[arg(long, value_name = "ID")]
    pub(crate) user: String,
    /// What the token may do: service tokens act for any user
    #[arg(long, value_enum, default_value_t = RoleName::User)]
    pub(crate) role: RoleName,
    /// How long it holds, such as 10m, 24h or 30d
    #[arg(long = "for", value_name = "TIME", default_value = "24h", value_parser = duration)]
    pub(crate) duration: Duration,
}

/// With which key tokens are signed: by default the node's own, out of its data folder.
#[derive(Args, Clone)]
pub(crate) struct Signing {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Sign with this HS256 secret (the file's bytes) instead of the node's own key
    #[arg(long, value_name = "FILE", requires = "kid", conflicts_with = "private_key_file")]
    pub(crate) secret_file: Option<PathBuf>,
    /// Sign with this Ed25519 private key (PEM) instead of the node's own key
    #[arg(long, value_name = "FILE", requires = "kid")]
    pub(crate) private_key_file: Option<PathBuf>,
    /// The name of that key
    #[arg(long, value_name = "KID")]
    pub(crate) kid: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum RoleName {
    User,
    Service,
    Operator,
}

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
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) users: usize,
    /// How often each reports
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = duration)]
    pub(crate) interval: Duration,
    /// The middle of where they walk
    #[arg(long, value_name = "LAT,LON", default_value = "36.17,-115.14", value_parser = place, allow_hyphen_values = true)]
    pub(crate) centre: (f64, f64),
    /// How far from it they go, metres
    #[arg(long, value_name = "METRES", default_value_t = 12_000.0)]
    pub(crate) spread_m: f64,
    /// Friendships from this file (lines of a,b) instead of generated ones
    #[arg(long, value_name = "FILE", conflicts_with_all = ["friends", "strangers"])]
    pub(crate) graph: Option<PathBuf>,
    /// Friends of each
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) friends: usize,
    /// People without any
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) strangers: usize,
    /// The same seed makes the same friends and the same ways
    #[arg(long, value_name = "N", default_value_t = 1)]
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
    #[arg(long, value_name = "PID")]
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

The oracle compares, every now and then, what everybody sees with a brute-force computation. The exit code is 1 if
anybody was missed or shown wrongly, or a fix was lost.";

/// Seconds since midnight.
#[derive(Clone, Copy)]
pub(crate) struct TimeOfDay(pub(crate) f64);

fn duration(text: &str) -> Result<Duration, String> {
    let split = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let seconds = match unit {
        "ms" => 0.001,
        "s" | "" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        "d" => 86_400.0,
        _ => return Err("use ms, s, m, h or d, as in 90s or 24h".to_owned()),
    };
    let number: f64 =
        number.parse().map_err(|_| "use a number and a unit, as in 90s or 24h".to_owned())?;
    let seconds = number * seconds;
    if !(0.001..=3.2e9).contains(&seconds) {
        return Err("must be from 1ms to 100 years".to_owned());
    }
    Ok(Duration::from_secs_f64(seconds))
}

fn time_of_day(text: &str) -> Result<TimeOfDay, String> {
    let wrong = || "use HH:MM, as in 08:30".to_owned();
    let (hours, minutes) = text.split_once(':').ok_or_else(wrong)?;
    let (hours, minutes): (u32, u32) =
        (hours.parse().map_err(|_| wrong())?, minutes.parse().map_err(|_| wrong())?);
    if hours > 23 || minutes > 59 {
        return Err(wrong());
    }
    Ok(TimeOfDay(f64::from(hours * 3_600 + minutes * 60)))
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if (0.01..=600.0).contains(&speed) => Ok(speed),
        _ => Err("must be from 0.01 to 600".to_owned()),
    }
}

fn place(text: &str) -> Result<(f64, f64), String> {
    let wrong = || "use LAT,LON in degrees, as in 36.17,-115.14".to_owned();
    let (latitude, longitude) = text.split_once(',').ok_or_else(wrong)?;
    Ok((latitude.parse().map_err(|_| wrong())?, longitude.parse().map_err(|_| wrong())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_their_units() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("1.5h"), Ok(Duration::from_mins(90)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert!(duration("0s").is_err() && duration("5y").is_err() && duration("h").is_err());
        assert!(time_of_day("08:30").is_ok_and(|t| (t.0 - 30_600.0).abs() < 1e-9));
        assert!(time_of_day("24:00").is_err() && time_of_day("8").is_err());
    }
}
