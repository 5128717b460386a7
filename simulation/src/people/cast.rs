use std::sync::Arc;
use std::time::Duration;

use model::{Position, UserId};

use crate::plan::{Friends, People, Plan};
use crate::world::replay::{Again, Source};
use crate::world::trace::{Trace, survey};
use crate::world::walk::Walkers;
use crate::{Error, Graph};

/// Who takes part, and where their positions come from.
pub(crate) struct Cast {
    pub(crate) graph: Arc<Graph>,
    pub(crate) source: Source,
    /// Where people are when it starts: since how many seconds (of real time), and where.
    pub(crate) at_first: Vec<(u32, f64, Position)>,
    /// How the trace's time passes.
    pub(crate) trace_time: Option<TraceTime>,
}

/// How the time of a trace passes.
pub(crate) struct TraceTime {
    start_seconds: f64,
    speed: f64,
    /// After how long it begins again.
    round_s: Option<f64>,
}

impl TraceTime {
    /// Where in its time a trace is after a replay of so long.
    pub(crate) fn at(&self, replayed: Duration) -> f64 {
        let passed_s = replayed.as_secs_f64() * self.speed;
        self.start_seconds + self.round_s.map_or(passed_s, |round_s| passed_s % round_s)
    }
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
            People::Trace { path, from_seconds, speed, loops_at_seconds } => {
                if !(speed.is_finite() && *speed > 0.0 && from_seconds.is_finite()) {
                    return Err(Error::Plan("a trace needs a start and a speed above 0".into()));
                }
                let found = survey(path, *from_seconds)?;
                let start_seconds = found.start_seconds;
                if loops_at_seconds.is_some_and(|at| at.is_nan() || at <= start_seconds) {
                    return Err(Error::Plan("a trace must loop behind its start".into()));
                }
                let again = loops_at_seconds.map(|at_seconds| Again {
                    path: path.clone(),
                    at_seconds,
                    rounds: 0,
                });
                let numbers = found.users.iter().cloned().zip(0..).collect();
                let rows = Box::new(Trace::open(path)?);
                let at_first = (0..).zip(&found.last_known).filter_map(|(number, last)| {
                    let (seconds, position) = (*last)?;
                    Some((number, (start_seconds - seconds) / speed, position))
                });
                Ok(Self {
                    at_first: at_first.collect(),
                    graph: befriend(&plan.graph, found.users)?,
                    source: Source::Trace { rows, numbers, start_seconds, speed: *speed, again },
                    trace_time: Some(TraceTime {
                        start_seconds,
                        speed: *speed,
                        round_s: loops_at_seconds.map(|at| at - start_seconds),
                    }),
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
