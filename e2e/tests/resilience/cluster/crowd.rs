//! Two thousand people on the move who become friends and part, while one thing after another breaks.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use e2e::DEADLINE;
use e2e::cluster::Cluster;
use model::{Clock, Metres, Position, SeededRandom, SystemClock};
use simulation::{
    Friends, FriendshipChanges, Graph, Inspector, NoObserver, People, Plan, Run, Situation, Summary,
};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{sleep_until, timeout};

use super::faults::{Breakage, GATEWAYS, SHARDS};
use super::world::holds_within;
use crate::resilience::machine;

const PEOPLE: usize = 2_000;
const FRIENDS_EACH: usize = 10;
/// People without friends: they must never hear of anything.
const STRANGERS: usize = 50;
/// How often everybody reports.
const INTERVAL: Duration = Duration::from_secs(5);
/// How far people walk from the middle: some friends are near, some come and go, some are far.
const SPREAD: Metres = Metres(9_000.0);

/// When everything must be right again after what broke is back.
const RECOVERY: Duration = Duration::from_secs(5);

/// How often friendships change, through all gateways.
const CHANGES: FriendshipChanges = FriendshipChanges { per_s: 20.0, seed: 1 };
/// How long they do at least.
const CHANGING: Duration = Duration::from_mins(1);
/// How long after its answer a change may take to act on all sessions.
const FOLLOWS: Duration = Duration::from_secs(1);

/// With this variable at 1, faults go on in random order for so long.
const LONG_VARIABLE: &str = "WHEREABOUTS_LONG";
const LONG: Duration = Duration::from_mins(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_breaks_nobody_is_missed_shown_wrongly_or_lost() {
    let _machine = machine::alone().await;
    let mut world = World::start().await;
    world.look("before anything breaks").await;
    let began = Instant::now();
    for fault in Breakage::ONCE {
        world.survive(fault, fault.usual()).await;
    }
    sleep_until((began + CHANGING).into()).await;
    if std::env::var_os(LONG_VARIABLE).is_some_and(|long| long == "1") {
        let seed = SystemClock::start().now().wall.0 as u64;
        println!("the seed of the faults is {seed}");
        let (random, began) = (SeededRandom::new(seed), Instant::now());
        while began.elapsed() < LONG {
            let (fault, lasting) = Breakage::any(&random);
            world.survive(fault, lasting).await;
        }
    }
    let summary = world.end().await;
    println!("{summary}");
    assert!(summary.ok(), "{summary}");
    assert_eq!(summary.error_examples, Vec::<String>::new());
    let changed = summary.counts.friendships_changed as f64;
    assert!(changed > CHANGING.as_secs_f64() * CHANGES.per_s / 2.0, "{summary}");
    assert!(summary.counts.unavailable > 0, "no fix had to be sent again: {summary}");
}

/// A cluster and those who use it.
struct World {
    cluster: Cluster,
    inspector: Inspector,
    /// On which Redis server each person lives.
    homes: Vec<usize>,
    running: JoinHandle<Result<Summary, simulation::Error>>,
    stop: oneshot::Sender<()>,
}

impl World {
    /// Everybody is connected and has reported.
    async fn start() -> Self {
        let settings = "[gateway]\ndrain_window_ms = 3000\n";
        let cluster = Cluster::start_with(GATEWAYS, SHARDS, settings).await;
        let run = Run::begin(plan(&cluster), cluster.tokens(), Arc::new(NoObserver)).await;
        let run = run.unwrap_or_else(|error| panic!("{error}\n{}", cluster.logs()));
        let inspector = run.inspector();
        let homes = cluster.shards_of(inspector.graph().people());
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(run.until(async { drop(stopped.await) }));
        let world = Self { cluster, inspector, homes, running, stop };
        let reported = || world.inspector.counts().acks >= PEOPLE as u64;
        world.until("everybody has reported", reported).await;
        world
    }

    async fn end(self) -> Summary {
        drop(self.stop);
        self.running.await.expect("no panic").expect("a summary")
    }

    async fn until(&self, what: &str, condition: impl FnMut() -> bool) {
        let held = holds_within(DEADLINE, condition).await;
        assert!(held.is_some(), "it never happens that {what}\n{}", self.cluster.logs());
    }

    /// Breaks something for so long, waits until it is over, and looks.
    async fn survive(&mut self, fault: Breakage, lasting: Duration) {
        let before = self.inspector.situations();
        // What was changed a moment ago may not have acted yet.
        let since = Instant::now().checked_sub(FOLLOWS).expect("the machine has run for longer");
        self.forgive(fault, &before);
        fault.strike(&mut self.cluster, lasting).await;
        if let Some(gateway) = fault.gateway() {
            let elsewhere = |person: &Situation| person.address.is_some_and(|at| at != gateway);
            let all = || self.inspector.situations().iter().all(elsewhere);
            self.until("everybody is at another gateway", all).await;
        }
        if fault.shard().is_none() {
            self.forgive(fault, &before);
            // No position is lost, and nobody waits for one.
            self.look(&format!("during {fault:?}")).await;
        }
        fault.mend(&mut self.cluster).await;

        let late = || self.late(fault, since, &before);
        let Some(took) = holds_within(RECOVERY, || late().is_empty()).await else {
            panic!("{fault:?} isn't over, some lack {:?}\n{}", late(), self.cluster.logs());
        };
        if let Some(gateway) = fault.gateway() {
            self.cluster.start_again(gateway).await;
        }
        let ready = timeout(RECOVERY, self.cluster.until_ready()).await;
        assert!(ready.is_ok(), "{fault:?} isn't over for operators\n{}", self.cluster.logs());
        println!("{fault:?} of {lasting:?} was over {took:?} after its end");
        self.inspector.forgive_pings(|_| false);
        self.look(&format!("after {fault:?}")).await;
        self.check_gaps(fault, since, &before);
    }

    /// Whose pings may be answered late: those whose fixes wait for a server that is away, or whose new sessions do; and
    /// those of whom no gateway knows whether they are still friends, while the database can't say.
    fn forgive(&self, fault: Breakage, before: &[Situation]) {
        let friendships = self.inspector.friendships(Instant::now());
        let (steady, possible) = (&friendships.steady, &friendships.possible);
        self.inspector.forgive_pings(|person| {
            let at = person as usize;
            let moves = fault.gateway().is_some() && before[at].address == fault.gateway();
            let doubted = steady.friends(person) != possible.friends(person);
            Some(self.homes[at]) == fault.shard()
                || fault.shard().is_some() && moves
                || fault == Breakage::DatabaseKilled && doubted
        });
    }

    /// What is missing until it is over, and to how many.
    fn late(
        &self,
        fault: Breakage,
        since: Instant,
        before: &[Situation],
    ) -> BTreeMap<&'static str, usize> {
        let mut late = BTreeMap::new();
        let now = self.inspector.situations();
        let concerned = self.concerned(fault, &self.inspector.friendships(since).steady);
        for ((now, before), concerned) in now.iter().zip(before).zip(concerned) {
            let missing = if now.address.is_none() {
                "a session"
            } else if concerned && !was_told(now, before) {
                "a gap"
            } else if !now.complete {
                "a snapshot"
            } else {
                continue;
            };
            *late.entry(missing).or_default() += 1;
        }
        late
    }

    /// Whom it concerns: those with a friend on the Redis server that broke.
    fn concerned(&self, fault: Breakage, graph: &Graph) -> Vec<bool> {
        let lives_there = |friend: &u32| Some(self.homes[*friend as usize]) == fault.shard();
        (0..PEOPLE as u32).map(|person| graph.friends(person).iter().any(lives_there)).collect()
    }

    /// Nobody else has heard of it than those who had such a friend at any time meanwhile.
    fn check_gaps(&self, fault: Breakage, since: Instant, before: &[Situation]) {
        let now = self.inspector.situations();
        let concerned = self.concerned(fault, &self.inspector.friendships(since).possible);
        let told = now.iter().zip(before).map(|(now, before)| now.gaps > before.gaps);
        let in_vain = told.zip(&concerned).filter(|(told, concerned)| *told && !**concerned);
        assert_eq!(in_vain.count(), 0, "{fault:?} is nothing to them\n{}", self.cluster.logs());
        let count = concerned.iter().filter(|concerned| **concerned).count();
        let plausible = match fault.shard() {
            Some(_) => 1..PEOPLE - STRANGERS,
            None => 0..1,
        };
        assert!(plausible.contains(&count), "{count} are concerned by {fault:?}");
    }

    /// Everybody is judged, with all of their friends, and all is right.
    async fn look(&self, when: &str) {
        let found = self.inspector.look().await.expect("the run goes on");
        let verdict = &found.verdict;
        let wrong = (verdict.missed, verdict.wrong, found.lost, found.unanswered);
        assert_eq!(wrong, (0, 0, 0, 0), "{when}: {found:?}\n{}", self.cluster.logs());
        let pairs = 2 * found.friendships.steady.pairs().count() as u64;
        assert_eq!(found.judged + found.excused, PEOPLE as u64, "{when}");
        let all = verdict.pairs == pairs || found.excused > 0 && verdict.pairs < pairs;
        assert!(all, "{} of {pairs} pairs are judged {when}", verdict.pairs);
        let seen: usize = self.inspector.situations().iter().map(|person| person.in_view).sum();
        let seen = seen as u64;
        assert!((pairs / 4..pairs).contains(&seen), "{seen} of {pairs} are seen {when}");
    }
}

/// Whether somebody knows that something may have been missed: by a gap, or because their session ended.
fn was_told(now: &Situation, before: &Situation) -> bool {
    now.gaps > before.gaps || now.sessions > before.sessions
}

fn plan(cluster: &Cluster) -> Plan {
    let walkers = People::Walkers {
        count: PEOPLE,
        centre: Position::new(36.17, -115.14).expect("on Earth"),
        spread: SPREAD,
        interval: INTERVAL,
        seed: 1,
    };
    let friends = Friends::Generated { friends_each: FRIENDS_EACH, strangers: STRANGERS, seed: 1 };
    let mut plan = Plan::new(cluster.urls(), walkers, friends);
    // Only when asked.
    plan.check_every = Duration::from_hours(1);
    plan.friendship_changes = Some(CHANGES);
    plan
}
