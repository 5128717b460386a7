use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bench::{Friends, NoObserver, Observer, People, Plan};
use model::SystemClock;

use super::table::LiveTable;
use super::{Done, SignedTokens, asked_to_stop, print, verdict};
use crate::args::DemoArgs;
use crate::config::Config;
use crate::dev::Dev;
use crate::{Keys, Node, logs};

/// A day of sixty people (see data/README.md).
const DAY: &[u8] = include_bytes!("../../../data/city_day.csv.gz");

/// Friends of each, and people without any.
const FRIENDS_EACH: usize = 14;
const STRANGERS: usize = 6;

/// The same people are friends in every demo.
const SEED: u64 = 60;

/// The TTL of the recorded day; as much shorter as the day is faster.
const TTL_MS: f64 = 600_000.0;

/// Fixes that one person may send in the fast day.
const FIXES_PER_S: u32 = 200;

/// Viewers of a demo needn't be let go gently.
const DRAIN_WINDOW_MS: u64 = 1_000;

pub(crate) async fn demo(args: DemoArgs) -> Done {
    // Removed when the demo ends.
    let temporary = tempfile::Builder::new().prefix("whereabouts-demo-").tempdir();
    let temporary = temporary.map_err(|e| format!("can't make a temporary folder: {e}"))?;
    let day = temporary.path().join("city_day.csv.gz");
    std::fs::write(&day, DAY).map_err(|e| format!("can't write to {}: {e}", day.display()))?;
    let people = bench::survey(&day, args.from.0).map_err(|e| e.to_string())?;

    let config = configuration(&args, temporary.path().join("data"));
    logs::start(&config.log)?;
    let dev = Dev::default();
    dev.offer(people.users);
    let signer = || Keys::signer(&config.auth, &config.data.dir);
    let node =
        Node::start_with(config.clone(), Some(dev.clone())).await.map_err(|e| e.to_string())?;
    let tokens = Arc::new(SignedTokens::new(signer()?, Arc::new(SystemClock::start())));

    let address = format!("http://{}", node.address());
    let from_seconds = args.from.0;
    let trace = People::Trace { path: day, from_seconds, speed: args.speed };
    let graph = Friends::Generated { friends_each: FRIENDS_EACH, strangers: STRANGERS, seed: SEED };
    let mut plan = Plan::new(vec![address.clone()], trace, graph);
    plan.duration = args.duration;
    plan.check_every = Duration::from_secs(5);
    plan.held = Some(Arc::new(move |user| dev.holds(user)));
    let observer: Arc<dyn Observer> = if args.json {
        Arc::new(NoObserver)
    } else {
        Arc::new(LiveTable::new(&address, config.data.dir.as_path()))
    };
    let stop = async {
        // Without signals it can still be killed.
        let _ = asked_to_stop().await;
    };
    let summary = bench::run(plan, tokens, observer, stop).await.map_err(|e| e.to_string())?;
    node.drain().await;
    print(&summary, args.json)?;
    Ok(verdict(&summary))
}

fn configuration(args: &DemoArgs, temporary: PathBuf) -> Config {
    let mut config = Config::default();
    config.http.listen = args.listen;
    config.data.dir = args.data.clone().unwrap_or(temporary);
    config.dev = args.listen.ip().is_loopback();
    config.gateway.ttl_ms = ((TTL_MS / args.speed) as u64).max(1_000);
    config.gateway.drain_window_ms = DRAIN_WINDOW_MS;
    // A phone's fix a second is as many a second as the day is faster.
    config.gateway.fixes_per_s = FIXES_PER_S;
    config.gateway.messages_per_s = FIXES_PER_S;
    "warn".clone_into(&mut config.log.filter);
    config
}
