pub(crate) mod boards;
mod directory_changes;
pub(crate) mod export;
pub(crate) mod feed;
pub(crate) mod friends;
pub(crate) mod history;
mod permit;
mod sink;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use api::{AllowedOrigins, RateLimit, Usage, Verifier};
use model::{Clock, Moment, Random};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use crate::config::Config;
use crate::fanout::admission::Admission;
use crate::fanout::hub::{Due, Hub, Timers};
use crate::fanout::registry::Registry;
use crate::fanout::wheel::Wheel;
use crate::live::{Live, Sink};
use crate::metrics::Metrics;
use crate::session::circle::CircleChange;
use crate::session::limits::Limits;
use boards::Boards;
use friends::Friends;
use history::History;
pub(crate) use permit::ConnectionPermit;
use sink::FanoutSink;

/// How long a drain waits beyond its window for sessions that don't end.
const DRAIN_GRACE_MS: u64 = 2_000;

/// How many sessions read names and relations at a time.
const PEOPLE_READS_MAX: usize = 4;

/// Changes of names and relations that are told to other gateways at a time; of more these hear by the feed.
const PEOPLE_TOLD_MAX: usize = 256;

/// The finest and the coarsest step of the timer wheel, milliseconds.
const STEP_MS: (u64, u64) = (1, 50);

/// After so many turns with nothing to do, turns are so many times rarer: an idle service sleeps.
const QUIET_TURNS: u32 = 50;
const IDLE_STEPS: u64 = 5;

/// How often gauges are set, milliseconds.
const GAUGE_MS: u64 = 1_000;

/// What a gateway is made of.
pub struct Deps {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Names sessions and spreads closes.
    pub random: Arc<dyn Random>,
    /// Judges tokens.
    pub verifier: Arc<Verifier>,
    /// Knows who may see whom.
    pub friends: Arc<dyn Friends>,
    /// Boards to watch, if there are any.
    pub boards: Option<Arc<dyn Boards>>,
    /// Keeps movement history, if anything does.
    pub history: Option<Arc<dyn History>>,
    /// Other processes may change who may see whom.
    pub friends_are_shared: bool,
}

/// All sessions of one process, and what they share.
pub struct Gateway {
    pub(crate) config: Arc<Config>,
    /// Pages of other hosts that may connect.
    pub(crate) origins: AllowedOrigins,
    pub(crate) session_limits: Arc<Limits>,
    pub(crate) deps: Deps,
    pub(crate) hub: Arc<Hub>,
    sink: Arc<FanoutSink>,
    /// Taken by whoever reads names and relations: many sessions that begin at once leave the directory to others too.
    pub(crate) people_reads: Semaphore,
    people_told: Arc<Semaphore>,
    pub(crate) live: Arc<dyn Live>,
    pub(crate) timers: Arc<Timers>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) admission: Admission,
    /// What each user's connecting costs; none if it is free.
    pub(crate) watching: Option<Usage>,
    pub(crate) metrics: Metrics,
    step_ms: u64,
    draining: AtomicBool,
    drain_window_ms: AtomicU64,
    /// Holds a token for each open connection.
    open: TaskTracker,
}

impl Gateway {
    /// Puts the pieces together; `attach` connects the bus and the position store to this gateway.
    pub fn new(
        config: Config,
        deps: Deps,
        attach: impl FnOnce(Arc<dyn Sink>) -> Arc<dyn Live>,
    ) -> Arc<Self> {
        let mut limits = Limits::from(&config);
        if deps.boards.is_none() {
            limits.boards_max = 0;
        }
        limits.keeps_history = deps.history.is_some();
        // Half a tick, so that a tick's end is noticed within half of another.
        let step_ms = (config.tick_ms / 2).clamp(STEP_MS.0, STEP_MS.1);
        let timers = Arc::new(Timers::new(Wheel::new(step_ms)));
        let metrics = Metrics::new();
        let deliveries = metrics.deliveries.clone();
        let hub = Arc::new(Hub::new(timers.clone(), deps.clock.clone(), deliveries));
        let registry = Arc::new(Registry::default());
        let sink = Arc::new(FanoutSink {
            hub: hub.clone(),
            registry: registry.clone(),
            friends: deps.friends.clone(),
        });
        let live = attach(sink.clone());
        Arc::new(Self {
            admission: Admission::new(&config),
            watching: (config.watches_per_s > 0).then(|| {
                let (per_second, burst) = (config.watches_per_s, config.watches_burst);
                Usage::new(RateLimit { per_second, burst })
            }),
            drain_window_ms: AtomicU64::new(config.drain_window_ms),
            session_limits: Arc::new(limits),
            // `Config::validate` has found them right.
            origins: AllowedOrigins::parse(&config.allowed_origins).unwrap_or_default(),
            config: Arc::new(config),
            deps,
            hub,
            sink,
            people_reads: Semaphore::new(PEOPLE_READS_MAX),
            people_told: Arc::new(Semaphore::new(PEOPLE_TOLD_MAX)),
            live,
            timers,
            registry,
            metrics,
            step_ms,
            draining: AtomicBool::new(false),
            open: TaskTracker::new(),
        })
    }

    /// These circles have changed, in this order: their open sessions follow before they tell anything more.
    pub fn changed(&self, changes: &[CircleChange]) {
        self.sink.take_in(changes);
    }

    /// What carries positions to and from other gateways; for operators.
    pub fn live(&self) -> &dyn Live {
        &*self.live
    }

    /// Whether new connections are refused because this server is going away.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// Carries out what is due, and answers how much that was. Called by [`Self::run`], or by a test that moves the
    /// clock itself.
    pub fn turn(&self) -> usize {
        let now = self.now();
        let mut idle = Vec::new();
        let all = self.timers.lock().advance(now.monotonic);
        let count = all.len();
        for due in all {
            match due {
                Due::Tick(mailbox) => mailbox.tick_over(),
                Due::Wake(mailbox) => mailbox.signal(|signals| signals.timer = true),
                Due::Expire(entry) => {
                    if let Some(entry) = entry.upgrade() {
                        entry.expire(now, &self.timers);
                    }
                }
                Due::Idle(entry) => idle.extend(entry.upgrade()),
            }
        }
        self.hub.drop_idle(&*self.live, &idle);
        count
    }

    /// Turns until the returned future is dropped. Without it nothing expires, nobody is pinged, and changes that other
    /// gateways made are missed.
    pub async fn run(self: Arc<Self>) {
        let timers = self.clone().turn_again_and_again();
        let keys = self.clone().follow_keys();
        let feed = feed::run(self);
        tokio::join!(
            keys.instrument(tracing::info_span!("keys")),
            timers.instrument(tracing::info_span!("timers")),
            feed.instrument(tracing::info_span!("directory_feed")),
        );
    }

    async fn turn_again_and_again(self: Arc<Self>) {
        let mut quiet_turns: u32 = 0;
        let mut gauged = self.now().monotonic;
        loop {
            let idle = quiet_turns >= QUIET_TURNS;
            let step_ms = if idle { self.step_ms * IDLE_STEPS } else { self.step_ms };
            tokio::time::sleep(Duration::from_millis(step_ms)).await;
            quiet_turns = if self.turn() == 0 { quiet_turns.saturating_add(1) } else { 0 };
            let now = self.now().monotonic;
            if now.since_ms(gauged) >= GAUGE_MS {
                gauged = now;
                self.metrics.channels.set(self.hub.channels() as f64);
                self.metrics.timers.set(self.timers.lock().len() as f64);
            }
        }
    }

    /// Lets nobody in any more, warns everybody, and closes all sessions spread over the drain window. Returns when all
    /// are gone, or a little after the window.
    pub async fn drain(&self) {
        self.draining.store(true, Ordering::Release);
        let window_ms = self.close_window_ms();
        self.drain_window_ms.store(window_ms, Ordering::Release);
        self.registry.signal_all(|signals| signals.drain = true);
        let patience = Duration::from_millis(window_ms + DRAIN_GRACE_MS);
        self.open.close();
        // What is left after that holds on to a connection that can't be written; it is reset with the process.
        let _ = tokio::time::timeout(patience, self.open.wait()).await;
    }

    /// When a session is to close in a drain: not at once, so that the warning is read, and not all together.
    pub(crate) fn drain_in_ms(&self) -> u64 {
        let window_ms = self.drain_window_ms.load(Ordering::Acquire);
        let warning_ms = window_ms / 4;
        warning_ms + self.deps.random.next_u64() % (window_ms - warning_ms).max(1)
    }

    /// Within which time all sessions may be closed, so that they don't come back together.
    fn close_window_ms(&self) -> u64 {
        let for_all_ms =
            self.registry.len() as u64 * 1_000 / u64::from(self.config.drain_sessions_per_s.max(1));
        self.config.drain_window_ms.max(for_all_ms)
    }

    /// When a session is to close whose token doesn't count any more.
    pub(crate) fn close_in_ms(&self) -> u64 {
        self.deps.random.next_u64() % self.close_window_ms().max(1)
    }

    /// Has sessions look at their keys whenever any was removed.
    async fn follow_keys(self: Arc<Self>) {
        let mut removals = self.deps.verifier.removals();
        while removals.changed().await.is_ok() {
            self.registry.signal_all(|signals| signals.keys = true);
        }
    }

    pub(crate) fn now(&self) -> Moment {
        self.deps.clock.now()
    }
}
