mod host;
mod scores;

use std::sync::Arc;
use std::time::Duration;

use model::{Role, UserId};
use proximity::{Proximity, SourceName};
use simulation::{Friends, NoObserver, Observer, People, Plan};

use super::table::LiveTable;
use super::{Done, report, simulated};
use crate::Node;
use crate::cli::args::DemoArgs;
use crate::cli::service::Service;
use crate::imports::places::{self, Format};
use host::Host;
use scores::Season;

/// A day of sixty people (see data/README.md).
const DAY: &[u8] = include_bytes!("../../../../data/city_day.csv.gz");

/// What stands in their city (see data/README.md).
const PLACES: &[u8] = include_bytes!("../../../../data/pois.csv.gz");

/// Friends of each, and people without any.
const FRIENDS_EACH: usize = 14;
const STRANGERS: usize = 6;

/// After so much of the day it begins again, seconds: in the morning from half past eight on everybody moves for two hours.
const LOOP_S: f64 = 7_200.0;

/// Who says what was scored.
const PRODUCER: &str = "demo";

/// The same people are friends in every demo.
const SEED: u64 = 60;

pub(crate) async fn demo(args: DemoArgs) -> Done {
    // Removed when the demo ends.
    let temporary = tempfile::Builder::new().prefix("whereabouts-demo-").tempdir();
    let temporary = temporary.map_err(|e| format!("can't make a temporary folder: {e}"))?;
    let day = temporary.path().join("city_day.csv.gz");
    std::fs::write(&day, DAY).map_err(|e| format!("can't write to {}: {e}", day.display()))?;
    let people = simulation::survey(&day, args.from.0).map_err(|e| e.to_string())?;
    let host = match &args.cluster {
        Some(dir) => Host::cluster(dir).await?,
        None => Host::own(&args, temporary.path(), people.users.clone()).await?,
    };

    // While people begin to move: they have nothing to do with each other.
    if let Some(businesses) = host.node.as_ref().and_then(Node::businesses) {
        tokio::spawn(load_places(businesses.clone()));
    }
    let producer = UserId::parse(PRODUCER).expect("a valid id");
    let service = Service::at(host.addresses[0].clone(), &host.signer, &producer, Role::Service);
    Season::make_board(&service).await?;
    let season = tokio::spawn(Season::read(&people.users)?.play(service));
    let trace = People::Trace {
        path: day,
        from_seconds: args.from.0,
        speed: args.speed,
        loops_at_seconds: Some(people.start_seconds + LOOP_S),
    };
    let graph = Friends::Generated { friends_each: FRIENDS_EACH, strangers: STRANGERS, seed: SEED };
    let mut plan = Plan::new(host.addresses, trace, graph);
    plan.duration = args.duration;
    plan.check_every = Duration::from_secs(5);
    plan.held = host.held;
    let observer: Arc<dyn Observer> =
        if args.json { Arc::new(NoObserver) } else { Arc::new(LiveTable::new(host.invitation)) };
    let summary = simulated(plan, host.signer, observer).await?;
    // Else it would complain that the service has gone.
    season.abort();
    if let Some(node) = host.node {
        node.drain().await;
    }
    report(&summary, args.json)
}

async fn load_places(businesses: Proximity) {
    let source = SourceName::parse("pois").expect("a valid name");
    let told = |refused: &places::Refused| {
        tracing::warn!(line = refused.at, why = refused.why, "a place of the demo is none");
    };
    let done = places::import(&businesses, source, Format::Csv, Box::new(PLACES), told).await;
    if let Err(why) = done {
        tracing::warn!(why, "the demo's places aren't all there");
    }
}
