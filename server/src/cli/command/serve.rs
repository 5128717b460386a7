use std::process::ExitCode;

use super::{Done, StopSignals, read, told};
use crate::cli::args::ServeArgs;
use crate::cli::{say, say_error};
use crate::config::{Config, Log, LogFormat, TlsFiles};
use crate::{Node, logs};

/// The exit code of a service that can't go on by a fault of its own (`EX_SOFTWARE` of sysexits.h).
const EXIT_DEAD: u8 = 70;

pub(crate) async fn serve(args: ServeArgs) -> Done {
    let mut read = read(&args.sources);
    if let Some(listen) = args.listen {
        read.config.http.listen = listen;
    }
    if !args.roles.is_empty() {
        read.config.roles = args.roles;
    }
    read.config.dev |= args.dev;
    let log = read.config.log.clone();
    match read.checked_with_files() {
        Ok(config) => {
            logs::start(&log)?;
            until_stopped(config).await.or_else(|why| failed(&log, &why))
        }
        Err(faults) if log.format == LogFormat::Json && logs::start(&log).is_ok() => {
            faults.iter().for_each(|fault| tracing::error!(%fault, "a setting is wrong"));
            Ok(ExitCode::FAILURE)
        }
        Err(faults) => Err(told(&faults)),
    }
}

/// A failure where the log says it: programs that read JSON get nothing else.
fn failed(log: &Log, why: &str) -> Done {
    if log.format == LogFormat::Text {
        return Err(why.to_owned());
    }
    tracing::error!(why, "the service can't go on");
    Ok(ExitCode::FAILURE)
}

async fn until_stopped(config: Config) -> Done {
    let (dev, own_key, format) = (config.dev, config.auth.keys.is_empty(), config.log.format);
    let scheme = if config.http.tls == TlsFiles::default() { "http" } else { "https" };
    // Before anybody can know that it listens, and so ask it to stop.
    let mut stop = StopSignals::listen()?;
    let node = Node::start(config).await?;
    let address = node.address();
    let tell = |words: String| match format {
        LogFormat::Text => say!("{words}"),
        LogFormat::Json => say!("{}", serde_json::json!({ "message": words.trim_start() })),
    };
    // Where a word ends, for whoever looks for the address in a line of JSON.
    let end = if format == LogFormat::Json { "/" } else { "" };
    tell(format!("Whereabouts listens on {scheme}://{address}{end}"));
    tell(format!("  docs      {scheme}://{address}/docs/"));
    tell(format!("  metrics   http://{}/metrics", node.operations_address()));
    if dev {
        tell(format!("  page      {scheme}://{address}/"));
    }
    if own_key {
        tell("  a token   whereabouts token --user alice".to_owned());
    }
    tokio::select! {
        () = stop.next() => {}
        part = node.dead() => {
            // The log has said why. Clients are told nothing, they see their connections end.
            if format == LogFormat::Text {
                say_error!("Ending at once: {part} has died, and the service can't do without it.");
            }
            return Ok(ExitCode::from(EXIT_DEAD));
        }
    }
    if format == LogFormat::Text {
        say_error!("Going away; once more Ctrl-C ends at once.");
    }
    tokio::select! {
        () = node.drain() => Ok(ExitCode::SUCCESS),
        () = stop.next() => Err("stopped before all clients were told".to_owned()),
    }
}
