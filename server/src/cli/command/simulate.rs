use std::sync::Arc;

use model::{Metres, Position};
use simulation::{Friends, NoObserver, Observer, People, Plan, Progress, Setup};

use super::token::signer;
use super::{Done, report, simulated};
use crate::cli::args::SimulateArgs;
use crate::files;

pub(crate) async fn simulate(args: SimulateArgs) -> Done {
    files::raise_limit();
    let (signer, json) = (signer(&args.signing)?, args.json);
    let observer: Arc<dyn Observer> =
        if json { Arc::new(NoObserver) } else { Arc::new(Progress::new()) };
    let summary = simulated(plan(args)?, signer, observer).await?;
    report(&summary, json)
}

fn plan(args: SimulateArgs) -> Result<Plan, String> {
    let people = match args.trace {
        Some(path) => People::Trace {
            path,
            from_seconds: args.from.0,
            speed: args.speed,
            loops_at_seconds: None,
        },
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
