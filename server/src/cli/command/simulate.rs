use std::sync::Arc;

use model::{Metres, Position, SystemClock};
use simulation::{Friends, NoObserver, Observer, People, Plan, Progress, Setup};

use super::token::signer;
use super::{Done, SignedTokens, asked_to_stop, print, verdict};
use crate::cli::args::SimulateArgs;
use crate::files;

pub(crate) async fn simulate(args: SimulateArgs) -> Done {
    files::raise_limit();
    let tokens =
        Arc::new(SignedTokens::new(signer(&args.signing)?, Arc::new(SystemClock::start())));
    let observer: Arc<dyn Observer> =
        if args.json { Arc::new(NoObserver) } else { Arc::new(Progress::new()) };
    let json = args.json;
    let stop = async {
        // Without signals it can still be killed.
        let _ = asked_to_stop().await;
    };
    let summary =
        simulation::run(plan(args)?, tokens, observer, stop).await.map_err(|e| e.to_string())?;
    print(&summary, json)?;
    Ok(verdict(&summary))
}

fn plan(args: SimulateArgs) -> Result<Plan, String> {
    let people = match args.trace {
        Some(path) => People::Trace { path, from_seconds: args.from.0, speed: args.speed },
        None => People::Walkers {
            count: args.users,
            centre: Position::new(args.centre.0, args.centre.1)
                .map_err(|fault| format!("--centre: {fault}"))?,
            spread: Metres(args.spread_m),
            interval: args.interval,
            seed: args.seed,
        },
    };
    let graph = match args.graph {
        Some(path) => Friends::File(path),
        None => Friends::Generated {
            friends_each: args.friends,
            strangers: args.strangers,
            seed: args.seed,
        },
    };
    let mut plan = Plan::new(args.address, people, graph);
    if args.no_setup {
        plan.setup = Setup::Exists;
    }
    plan.duration = args.duration;
    plan.check_every = args.check_every;
    plan.watch_pid = args.watch_pid;
    Ok(plan)
}
