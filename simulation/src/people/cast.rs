use std::sync::Arc;

use model::{Position, UserId};

use crate::plan::{Friends, People, Plan};
use crate::world::replay::Source;
use crate::world::trace::{Trace, survey};
use crate::world::walk::Walkers;
use crate::{Error, Graph};

/// Who takes part, and where their positions come from.
pub(crate) struct Cast {
    pub(crate) graph: Arc<Graph>,
    pub(crate) source: Source,
    /// Where people are when it starts: since how many seconds (of real time), and where.
    pub(crate) at_first: Vec<(u32, f64, Position)>,
    /// Where in the trace's time it starts, and how fast that passes.
    pub(crate) trace_time: Option<(f64, f64)>,
}

impl Cast {
    /// Reads what the plan names. Blocks on files.
    pub(crate) fn prepare(plan: &Plan) -> Result<Self, Error> {
        match &plan.people {
            People::Walkers { count, centre, spread, interval, seed } => {
                if *count == 0 || interval.is_zero() {
                    return Err(Error::Plan(
                        "walkers need a number and an interval above 0".into(),
                    ));
                }
                let people = (0..*count).map(|number| walker_id(number, *count)).collect();
                let walkers = Walkers::new(*count, *centre, *spread, *interval, *seed);
                Ok(Self {
                    graph: befriend(&plan.graph, people)?,
                    source: Source::Walkers(Box::new(walkers)),
                    at_first: Vec::new(),
                    trace_time: None,
                })
            }
            People::Trace { path, from_seconds, speed } => {
                if !(speed.is_finite() && *speed > 0.0 && from_seconds.is_finite()) {
                    return Err(Error::Plan("a trace needs a start and a speed above 0".into()));
                }
                let found = survey(path, *from_seconds)?;
                let start_seconds = found.start_seconds;
                let numbers = found.users.iter().cloned().zip(0..).collect();
                let rows = Box::new(Trace::open(path)?);
                let at_first = (0..).zip(&found.last_known).filter_map(|(number, last)| {
                    let (seconds, position) = (*last)?;
                    Some((number, (start_seconds - seconds) / speed, position))
                });
                Ok(Self {
                    at_first: at_first.collect(),
                    graph: befriend(&plan.graph, found.users)?,
                    source: Source::Trace { rows, numbers, start_seconds, speed: *speed },
                    trace_time: Some((start_seconds, *speed)),
                })
            }
        }
    }
}

fn befriend(friends: &Friends, people: Vec<UserId>) -> Result<Arc<Graph>, Error> {
    let graph = match friends {
        Friends::File(path) => Graph::read(path, people)?,
        Friends::Generated { friends_each, strangers, seed } => {
            Graph::generate(people, *friends_each, *strangers, *seed)?
        }
    };
    Ok(Arc::new(graph))
}

/// `walker-0001`, with as many digits as the last one needs.
fn walker_id(number: usize, count: usize) -> UserId {
    let digits = count.to_string().len();
    UserId::parse(&format!("walker-{:0digits$}", number + 1)).expect("letters, digits and a dash")
}
