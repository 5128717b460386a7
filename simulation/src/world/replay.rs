//! Who reports when: the positions of a trace or of walkers, in order of time, no faster than the service allows.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use model::{Position, UserId};

use crate::Error;
use crate::world::trace::Trace;
use crate::world::walk::Walkers;

/// The share of the allowed rate that a phone uses: catching up after a checkpoint runs by [`CATCH_UP`] faster, and
/// the service's clock and ours need not agree on where a second begins.
const RATE_SHARE: f64 = 0.7;

/// How much faster than time a replay runs until it has caught up. A flood would measure itself.
const CATCH_UP: f64 = 1.25;

/// Where the positions come from.
pub(crate) enum Source {
    /// A file. Reading it blocks, but only for a few milliseconds' worth of rows at a time out of the page cache.
    Trace {
        rows: Box<Trace>,
        numbers: HashMap<UserId, u32>,
        start_seconds: f64,
        speed: f64,
        again: Option<Again>,
    },
    /// People on their ways.
    Walkers(Box<Walkers>),
}

/// A trace that begins again and again.
pub(crate) struct Again {
    pub(crate) path: PathBuf,
    /// Where in its time it does, seconds.
    pub(crate) at_seconds: f64,
    /// How often it has.
    pub(crate) rounds: u32,
}

struct Step {
    due: Duration,
    who: u32,
    position: Position,
}

impl Source {
    fn next(&mut self) -> Result<Option<Step>, Error> {
        match self {
            Self::Walkers(walkers) => {
                let turn = walkers.turn();
                Ok(Some(Step { due: turn.due, who: turn.walker, position: turn.position }))
            }
            Self::Trace { rows, numbers, start_seconds, speed, again } => {
                let mut told_since = again.as_ref().map_or(0, |again| again.rounds);
                loop {
                    let row = rows.next().transpose()?;
                    let length_s = again.as_ref().map_or(0.0, |it| it.at_seconds - *start_seconds);
                    let Some(row) = row.filter(|row| {
                        again.as_ref().is_none_or(|again| row.seconds < again.at_seconds)
                    }) else {
                        let Some(again) = again else { return Ok(None) };
                        // A round without a row would go on for ever.
                        if again.rounds > told_since {
                            return Ok(None);
                        }
                        (told_since, again.rounds) = (again.rounds, again.rounds + 1);
                        **rows = Trace::open(&again.path)?;
                        continue;
                    };
                    // What lies at or before the start was told as everybody's first position.
                    if row.seconds > *start_seconds
                        && let Some(&who) = numbers.get(&row.user)
                    {
                        let rounds = f64::from(again.as_ref().map_or(0, |again| again.rounds));
                        let after_s = (row.seconds - *start_seconds + rounds * length_s) / *speed;
                        let due = Duration::try_from_secs_f64(after_s).unwrap_or(Duration::MAX);
                        return Ok(Some(Step { due, who, position: row.position }));
                    }
                }
            }
        }
    }
}

/// Releases positions when they are due. Somebody who moves faster than they may report skips positions; the last one
/// is always reported.
pub(crate) struct Replay {
    source: Source,
    next: Option<Step>,
    gap: Duration,
    free_at: Vec<Duration>,
    waiting: Vec<Option<Position>>,
    queue: Vec<u32>,
    pub(crate) skipped: u64,
}

impl Replay {
    /// For `people` people who may send `fixes_per_s` each.
    pub(crate) fn new(mut source: Source, people: usize, fixes_per_s: f64) -> Result<Self, Error> {
        let gap = Duration::try_from_secs_f64(1.0 / (fixes_per_s * RATE_SHARE));
        let gap = gap.map_err(|_| Error::Plan("the service allows no fixes".into()))?;
        Ok(Self {
            next: source.next()?,
            source,
            gap,
            free_at: vec![Duration::ZERO; people],
            waiting: vec![None; people],
            queue: Vec::new(),
            skipped: 0,
        })
    }

    /// Somebody reports at `now` what is not in the source.
    pub(crate) fn reported(&mut self, who: u32, now: Duration) {
        self.free_at[who as usize] = now + self.gap;
    }

    /// Calls `report` for everything that is due at `now`.
    pub(crate) fn release(
        &mut self,
        now: Duration,
        mut report: impl FnMut(u32, Position),
    ) -> Result<(), Error> {
        while let Some(step) = self.next.take_if(|step| step.due <= now) {
            let place = &mut self.waiting[step.who as usize];
            match place.replace(step.position) {
                Some(_) => self.skipped += 1,
                None => self.queue.push(step.who),
            }
            self.next = self.source.next()?;
        }
        let (free_at, waiting, gap) = (&mut self.free_at, &mut self.waiting, self.gap);
        self.queue.retain(|&who| {
            if free_at[who as usize] > now {
                return true;
            }
            if let Some(position) = waiting[who as usize].take() {
                free_at[who as usize] = now + gap;
                report(who, position);
            }
            false
        });
        Ok(())
    }

    /// Whether everything has been released.
    pub(crate) fn is_over(&self) -> bool {
        self.next.is_none() && self.queue.is_empty()
    }
}

/// The time of a replay, which stands still during checkpoints and then makes up for it.
#[derive(Default)]
pub(crate) struct ReplayTime {
    replayed: Duration,
    seen: Duration,
}

impl ReplayTime {
    /// How far the replay is when `elapsed` has passed since the start.
    pub(crate) fn at(&mut self, elapsed: Duration) -> Duration {
        let passed = elapsed.saturating_sub(self.seen);
        self.seen = elapsed;
        self.replayed = elapsed.min(self.replayed + passed.mul_f64(CATCH_UP));
        self.replayed
    }

    /// From `elapsed` on, time passes again; what has passed since the last look didn't count.
    pub(crate) fn resume(&mut self, elapsed: Duration) {
        self.seen = elapsed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn replay(rows: &str, start_seconds: f64, speed: f64, fixes_per_s: f64) -> Replay {
        replay_of(rows, start_seconds, speed, fixes_per_s, None).1
    }

    fn replay_of(
        rows: &str,
        start_seconds: f64,
        speed: f64,
        fixes_per_s: f64,
        at_seconds: Option<f64>,
    ) -> (tempfile::NamedTempFile, Replay) {
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        write!(file, "user,seconds,lat,lon\n{rows}").expect("written");
        let rows = Box::new(Trace::open(file.path()).expect("readable"));
        let numbers = ["a", "b"].map(|id| UserId::parse(id).expect("an id")).into_iter().zip(0..);
        let path = file.path().to_owned();
        let again = at_seconds.map(|at_seconds| Again { path, at_seconds, rounds: 0 });
        let source =
            Source::Trace { rows, numbers: numbers.collect(), start_seconds, speed, again };
        (file, Replay::new(source, 2, fixes_per_s).expect("possible"))
    }

    fn released(replay: &mut Replay, ms: u64) -> Vec<(u32, f64)> {
        let mut all = Vec::new();
        let report = |who, position: Position| all.push((who, position.latitude()));
        replay.release(Duration::from_millis(ms), report).expect("readable");
        all
    }

    #[test]
    fn a_trace_runs_at_its_speed_from_its_start() {
        let mut replay = replay("a,100,1,0\na,160,2,0\nb,220,3,0\n", 100.0, 60.0, 1e3);
        assert_eq!(released(&mut replay, 999), []);
        assert_eq!(released(&mut replay, 1_000), [(0, 2.0)]);
        assert!(!replay.is_over());
        assert_eq!(released(&mut replay, 5_000), [(1, 3.0)]);
        assert!(replay.is_over());
    }

    #[test]
    fn a_trace_that_loops_begins_again_where_it_began() {
        let rows = "a,90,9,0\na,100,1,0\na,101,2,0\nb,102,3,0\na,103,4,0\n";
        let (_file, mut looping) = replay_of(rows, 100.0, 1.0, 1e3, Some(103.0));
        let mut told = Vec::new();
        for ms in (500..=8_000).step_by(500) {
            told.extend(released(&mut looping, ms).into_iter().map(|(_, latitude)| (ms, latitude)));
        }
        let expected =
            [(1_000, 2.0), (2_000, 3.0), (4_000, 2.0), (5_000, 3.0), (7_000, 2.0), (8_000, 3.0)];
        assert_eq!(told, expected);
        assert!(!looping.is_over());
        let (_file, mut empty) = replay_of("a,90,9,0\n", 100.0, 1.0, 1e3, Some(103.0));
        assert_eq!(released(&mut empty, 10_000), []);
        assert!(empty.is_over(), "where nothing happens, nothing is looked for without end");
    }

    #[test]
    fn who_moves_too_fast_skips_all_but_the_last_position() {
        let mut replay = replay("a,1,1,0\na,1.1,2,0\na,1.2,3,0\nb,1.2,9,0\n", 0.0, 1.0, 1.0 / 0.7);
        assert_eq!(released(&mut replay, 1_000), [(0, 1.0)]);
        assert_eq!(released(&mut replay, 1_500), [(1, 9.0)]);
        assert!(!replay.is_over());
        assert_eq!(released(&mut replay, 2_000), [(0, 3.0)]);
        assert_eq!(replay.skipped, 1);
        assert!(replay.is_over());
    }

    #[test]
    fn a_first_position_counts_into_the_rate() {
        let mut replay = replay("a,0.1,1,0\n", 0.0, 1.0, 1.0 / 0.7);
        replay.reported(0, Duration::ZERO);
        assert_eq!(released(&mut replay, 500), []);
        assert_eq!(released(&mut replay, 1_001), [(0, 1.0)]);
    }

    #[test]
    fn a_replay_catches_up_slowly_after_a_pause() {
        let ms = Duration::from_millis;
        let mut time = ReplayTime::default();
        assert_eq!(time.at(ms(1_000)), ms(1_000));
        time.resume(ms(2_000));
        assert_eq!(time.at(ms(2_400)), ms(1_500));
        assert_eq!(time.at(ms(4_000)), ms(3_500));
        assert_eq!(time.at(ms(8_000)), ms(8_000));
        assert_eq!(time.at(ms(9_000)), ms(9_000));
    }
}
