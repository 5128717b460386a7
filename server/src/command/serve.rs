use std::process::ExitCode;

use super::{Done, StopSignals, config};
use crate::args::ServeArgs;
use crate::{Node, logs};

pub(crate) async fn serve(args: ServeArgs) -> Done {
    let mut config = config(&args.place)?;
    if let Some(listen) = args.listen {
        config.http.listen = listen;
    }
    if !args.roles.is_empty() {
        config.roles = args.roles;
    }
    config.dev |= args.dev;
    logs::start(&config.log)?;
    let (dev, own_key) = (config.dev, config.auth.keys.is_empty());
    // Before anybody can know that it listens, and so ask it to stop.
    let mut stop = StopSignals::listen()?;
    let node = Node::start(config).await.map_err(|e| e.to_string())?;
    println!("Whereabouts listens on http://{}", node.address());
    println!("  docs      http://{}/docs/", node.address());
    if dev {
        println!("  page      http://{}/", node.address());
    }
    if own_key {
        println!("  a token   whereabouts token --user alice");
    }
    stop.next().await;
    eprintln!("Going away; once more Ctrl-C ends at once.");
    tokio::select! {
        () = node.drain() => Ok(ExitCode::SUCCESS),
        () = stop.next() => Err("stopped before all clients were told".to_owned()),
    }
}
