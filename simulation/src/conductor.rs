use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;

use crate::judge::checkpoint::{self, Finding};
use crate::judge::inspector::Ask;
use crate::people::cast::{Cast, TraceTime};
use crate::people::crowd::{Counts, Crowd, add};
use crate::plan::{Held, Plan};
use crate::report::memory::Sampler;
use crate::report::scene::{Observer, Scene};
use crate::report::summary::Oracle;
use crate::world::replay::{Replay, ReplayTime};
use crate::{Error, Summary};

/// Positions are released in beats: one timer for all people.
const BEAT: Duration = Duration::from_millis(5);

/// How often the observer is told, tokens are looked at and memory is sampled.
const TICK: Duration = Duration::from_secs(1);

/// Everybody sends a ping once in so many ticks, some at each.
const PING_TICKS: u64 = 10;

/// Beats time for everybody: who reports when, and when the oracle looks.
pub(crate) struct Conductor<'a> {
    plan: &'a Plan,
    crowd: Arc<Crowd>,
    observer: &'a dyn Observer,
    asks: mpsc::Receiver<Ask>,
    replay: Replay,
    time: ReplayTime,
    trace_time: Option<TraceTime>,
    memory: Option<Sampler>,
    oracle: Oracle,
    lost: u64,
    told: (Duration, Counts),
    ticks: u64,
    /// The number of the last ping; each asks about all before.
    pings: u64,
}

impl<'a> Conductor<'a> {
    /// Everybody is connected. Whoever was somewhere within the TTL before the start reports that now.
    pub(crate) fn new(
        plan: &'a Plan,
        crowd: Arc<Crowd>,
        cast: Cast,
        observer: &'a dyn Observer,
        asks: mpsc::Receiver<Ask>,
    ) -> Result<Self, Error> {
        let welcomed = crowd.people.iter().find_map(|person| person.state().welcomed);
        let Some(welcomed) = welcomed else { return Err(Error::Connect("nobody stayed".into())) };
        let mut replay = Replay::new(cast.source, crowd.people.len(), welcomed.fixes_per_s)?;
        let now_ms = crowd.now_ms();
        for (who, age_s, position) in cast.at_first {
            let age_ms = (age_s * 1e3) as i64;
            if age_ms < welcomed.ttl_ms {
                replay.reported(who, Duration::ZERO);
                let report = Some((position, now_ms - age_ms));
                crowd.person(who).order(|orders| orders.report = report);
            }
        }
        Ok(Self {
            plan,
            crowd,
            observer,
            asks,
            replay,
            time: ReplayTime::default(),
            trace_time: cast.trace_time,
            memory: plan.watch_pid.map(Sampler::new),
            oracle: Oracle::default(),
            lost: 0,
            told: Default::default(),
            ticks: 0,
            pings: 0,
        })
    }

    /// Runs until the end of the plan, or until `stop` is ready. Looks whenever somebody asks.
    pub(crate) async fn conduct(
        mut self,
        mut stop: Pin<&mut (impl Future<Output = ()> + Send)>,
    ) -> Result<Summary, Error> {
        let began = Instant::now();
        let mut beat = tokio::time::interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let (mut next_tick, mut next_check) = (TICK, self.plan.check_every);
        let stopped = loop {
            let ask = tokio::select! {
                biased;
                () = &mut stop => break true,
                Some(ask) = self.asks.recv() => Some(ask),
                _ = beat.tick() => None,
            };
            let elapsed = began.elapsed();
            let replayed = self.time.at(elapsed);
            self.release(replayed)?;
            if elapsed >= next_tick {
                next_tick = elapsed + TICK;
                self.tick(elapsed, replayed);
                if self.crowd.given_up() == self.crowd.people.len() {
                    break false;
                }
            }
            let over = self.plan.duration.is_some_and(|duration| elapsed >= duration);
            if over || self.replay.is_over() {
                break false;
            }
            if ask.is_some() || elapsed >= next_check {
                let finding = tokio::select! {
                    () = &mut stop => break true,
                    finding = self.check() => finding,
                };
                // Whoever asked may have gone meanwhile.
                let _ = ask.map(|ask| ask.send(finding));
                self.time.resume(began.elapsed());
                next_check = began.elapsed() + self.plan.check_every;
            }
        };
        if !stopped {
            tokio::select! {
                () = &mut stop => {}
                _ = self.check() => {}
            }
        }
        let elapsed = began.elapsed();
        let replayed = self.time.at(elapsed);
        self.tick(elapsed, replayed);
        Ok(self.sum_up(elapsed))
    }

    fn release(&mut self, replayed: Duration) -> Result<(), Error> {
        let (crowd, held) = (&self.crowd, self.plan.held.as_ref());
        let now_ms = crowd.now_ms();
        self.replay.release(replayed, |who, position| {
            if is_held(crowd, held, who) {
                crowd.person(who).state().disputed = true;
            } else {
                crowd.person(who).order(|orders| orders.report = Some((position, now_ms)));
            }
        })
    }

    fn tick(&mut self, elapsed: Duration, replayed: Duration) {
        let (now, now_ms) = (Instant::now(), self.crowd.now_ms());
        self.ticks += 1;
        self.pings += 1;
        for (number, person) in (0..).zip(&self.crowd.people) {
            if (u64::from(number) + self.ticks).is_multiple_of(PING_TICKS) {
                person.order(|orders| orders.ping = Some(self.pings));
                add(&self.crowd.tally.pings, 1);
            }
            let held = is_held(&self.crowd, self.plan.held.as_ref(), number);
            let mut state = person.state();
            state.disputed |= held;
            add(&self.crowd.tally.pings_unanswered, usize::from(state.pings.is_late(now)));
            if state
                .welcomed
                .and_then(|welcomed| welcomed.renew_at_ms)
                .is_some_and(|at| now_ms >= at)
            {
                // Asked for once; the answer says when next.
                state.renewed(now_ms, None);
                drop(state);
                person.order(|orders| orders.renew = true);
            }
        }
        if let Some(memory) = &mut self.memory {
            memory.look(elapsed.as_secs_f64());
        }
        let counts = self.crowd.tally.read();
        let (told_at, told) = std::mem::replace(&mut self.told, (elapsed, counts));
        self.observer.tick(&Scene {
            elapsed,
            trace_seconds: self.trace_time.as_ref().map(|time| time.at(replayed)),
            connected: self.crowd.connected(),
            counts,
            lately: counts.since(&told),
            lately_span: elapsed.saturating_sub(told_at),
            latency: self.crowd.latency.quantiles(),
            oracle: &self.oracle,
            comings: self.crowd.take_comings(),
            crowd: &self.crowd,
        });
    }

    async fn check(&mut self) -> Finding {
        for (number, person) in (0..).zip(&self.crowd.people) {
            if is_held(&self.crowd, self.plan.held.as_ref(), number) {
                person.state().disputed = true;
            }
        }
        self.pings += 1;
        let finding = checkpoint::look(&self.crowd, self.pings, self.plan.settle_within).await;
        self.oracle.add(&finding);
        self.lost += finding.lost;
        finding
    }

    fn sum_up(self, elapsed: Duration) -> Summary {
        let summary = Summary {
            people: self.crowd.people.len() as u64,
            friendships: self.crowd.graph.pairs().count() as u64,
            counts: self.crowd.tally.read(),
            skipped: self.replay.skipped,
            lost: self.lost,
            latency: self.crowd.latency.quantiles(),
            oracle: self.oracle,
            error_examples: self.crowd.faults(),
            server_rss: self.memory.map(Sampler::finish),
            ..Summary::default()
        };
        summary.with_rates(elapsed)
    }
}

fn is_held(crowd: &Crowd, held: Option<&Held>, who: u32) -> bool {
    held.is_some_and(|held| held(crowd.id(who)))
}
