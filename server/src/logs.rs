use std::io::IsTerminal;

use crate::config::{Log, LogFormat};

/// Starts the log on standard error. Answers why the filter can't be used.
pub(crate) fn start(log: &Log) -> Result<(), String> {
    let filter = log.parsed_filter()?;
    // Colours are for people: in a file or a journal they would only be in the way of a search.
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(colours)
        // Else a log that nobody reads any more would be complained of on the same closed pipe, by a panic.
        .log_internal_errors(false)
        .with_writer(std::io::stderr);
    let started = match log.format {
        LogFormat::Text => builder.with_target(false).try_init(),
        LogFormat::Json => {
            // Else a panic would be a line that no program can read.
            std::panic::set_hook(Box::new(|panic| {
                tracing::error!(panic = %panic, "a fault of ours");
            }));
            builder.json().flatten_event(true).try_init()
        }
    };
    started.map_err(|e| format!("the log can't be started: {e}"))
}
