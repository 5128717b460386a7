use std::process::ExitCode;

use super::{Done, StopSignals, config_with};
use crate::cli::args::ServeArgs;
use crate::cli::{say, say_error};
use crate::config::TlsFiles;
use crate::{Node, logs};

/// The exit code of a service that can't go on by a fault of its own (`EX_SOFTWARE` of sysexits.h).
const EXIT_DEAD: u8 = 70;

pub(crate) async fn serve(args: ServeArgs) -> Done {
    let config = config_with(&args.sources, |config| {
        if let Some(listen) = args.listen {
            config.http.listen = listen;
        }
        if !args.roles.is_empty() {
            config.roles = args.roles;
        }
        config.dev |= args.dev;
    })?;
    logs::start(&config.log)?;
    let scheme = if config.http.tls == TlsFiles::default() { "http" } else { "https" };
    let (dev, own_key) = (config.dev, config.auth.keys.is_empty());
    // Before anybody can know that it listens, and so ask it to stop.
    let mut stop = StopSignals::listen()?;
    let node = Node::start(config).await?;
    say!("Whereabouts listens on {scheme}://{}", node.address());
    say!("  docs      {scheme}://{}/docs/", node.address());
    say!("  metrics   http://{}/metrics", node.operations_address());
    if dev {
        say!("  page      {scheme}://{}/", node.address());
    }
    if own_key {
        say!("  a token   whereabouts token --user alice");
    }
    tokio::select! {
        () = stop.next() => {}
        part = node.dead() => {
            // The log has said why. Clients are told nothing, they see their connections end.
            say_error!("Ending at once: {part} has died, and the service can't do without it.");
            return Ok(ExitCode::from(EXIT_DEAD));
        }
    }
    say_error!("Going away; once more Ctrl-C ends at once.");
    tokio::select! {
        () = node.drain() => Ok(ExitCode::SUCCESS),
        () = stop.next() => Err("stopped before all clients were told".to_owned()),
    }
}
