use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use super::*;
use crate::fake::{Fake, GivenTokens, Habit, TOKEN, until};
use crate::plan::{Friends, People};
use crate::{Change, NoObserver, Scene};
use model::{Metres, Position};
use parking_lot::Mutex;

/// What happened by the time of the last tick.
#[derive(Default)]
struct Diary {
    comings: Mutex<Vec<(String, String, Change)>>,
    fixes: Mutex<u64>,
}

impl Observer for Diary {
    fn tick(&self, scene: &Scene<'_>) {
        let comings = scene.comings().iter();
        self.comings
            .lock()
            .extend(comings.map(|c| (c.watcher.to_string(), c.friend.to_string(), c.what)));
        *self.fixes.lock() = scene.counts.fixes;
    }
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(text.as_bytes()).expect("written");
    file
}

/// Three people: ann and ben are friends and near, until ben goes far away at the end; cy is a stranger.
const TRACE: &str = "user,seconds,lat,lon\n\
    ann,0,36.10,-115.10\nben,0,36.101,-115.10\ncy,0,36.10,-115.10\n\
    ann,10,36.1001,-115.10\nben,20,36.102,-115.10\ncy,30,36.10,-115.10\n\
    ben,40,36.30,-115.10\n";

struct Evening {
    fake: Fake,
    plan: Plan,
    _files: [tempfile::NamedTempFile; 2],
}

async fn evening(habit: Habit, trace: &str) -> Evening {
    let fake = Fake::start(habit, 1_000.0, &[("ann", "ben")]).await;
    let (trace, graph) = (file(trace), file("ann,ben\n"));
    let people = People::Trace {
        path: trace.path().to_owned(),
        from_seconds: 0.0,
        speed: 80.0,
        loops_at_seconds: None,
    };
    let friends = Friends::File(graph.path().to_owned());
    let mut plan = Plan::new(vec![fake.address.clone()], people, friends);
    plan.setup = Setup::Exists;
    plan.check_every = Duration::from_millis(150);
    plan.settle_within = Duration::from_secs(5);
    Evening { fake, plan, _files: [trace, graph] }
}

async fn played(plan: Plan) -> Summary {
    run(plan, Arc::new(GivenTokens(TOKEN)), Arc::new(NoObserver), std::future::pending())
        .await
        .expect("a run")
}

#[tokio::test]
async fn an_honest_service_passes_and_everything_is_counted() {
    let evening = evening(Habit::Honest, TRACE).await;
    let diary = Arc::new(Diary::default());
    let observer = Arc::clone(&diary) as Arc<dyn Observer>;
    let summary = run(evening.plan, Arc::new(GivenTokens(TOKEN)), observer, std::future::pending())
        .await
        .expect("a run");
    assert!(summary.ok(), "{summary}");
    assert_eq!(summary.error_examples, Vec::<String>::new());
    let counts = summary.counts;
    assert_eq!((summary.people, summary.friendships, counts.connections), (3, 1, 3));
    assert_eq!((counts.fixes, counts.acks, counts.snapshots), (7, 7, 3));
    assert!(summary.oracle.checks >= 2 && summary.oracle.judged >= 6, "{:?}", summary.oracle);
    assert!(summary.latency.count > 0 && summary.latency.max_ms > 0.0);
    assert_eq!(*diary.fixes.lock(), 7);
    let comings = diary.comings.lock();
    let pair = |what| ("ann".to_owned(), "ben".to_owned(), what);
    assert!(comings.contains(&pair(Change::Came)) && comings.contains(&pair(Change::Far)));
}

#[tokio::test]
async fn a_service_that_hides_friends_is_found_out() {
    let summary = played(evening(Habit::Secretive, TRACE).await.plan).await;
    assert!(summary.oracle.missed > 0 && summary.oracle.wrong == 0, "{summary}");
    assert!(!summary.ok());
}

#[tokio::test]
async fn a_service_that_shows_strangers_is_found_out() {
    let summary = played(evening(Habit::Indiscreet, TRACE).await.plan).await;
    assert!(summary.oracle.wrong > 0 && summary.oracle.missed == 0, "{summary}");
}

#[tokio::test]
async fn a_service_with_wrong_distances_is_found_out() {
    let summary = played(evening(Habit::Inexact, TRACE).await.plan).await;
    assert!(summary.oracle.wrong > 0, "{summary}");
}

#[tokio::test]
async fn a_service_that_tells_no_movement_is_found_out() {
    let summary = played(evening(Habit::Lazy, TRACE).await.plan).await;
    assert!(summary.oracle.wrong > 0, "{summary}");
    let stale = |example: &String| example.contains("behind the newest position");
    assert!(summary.oracle.examples.iter().any(stale), "{summary}");
}

#[tokio::test]
async fn fixes_that_nobody_acknowledges_are_lost() {
    let mut evening = evening(Habit::Silent, TRACE).await;
    evening.plan.settle_within = Duration::from_millis(50);
    let summary = played(evening.plan).await;
    assert!(summary.lost > 0 && !summary.ok(), "{summary}");
}

#[tokio::test]
async fn pings_that_nobody_answers_are_noticed() {
    let mut evening = evening(Habit::Absent, TRACE).await;
    evening.plan.settle_within = Duration::from_millis(50);
    let summary = played(evening.plan).await;
    assert!(summary.oracle.unanswered > 0 && !summary.ok(), "{summary}");
}

#[tokio::test]
async fn walkers_of_an_honest_service_pass_too() {
    let people: Vec<_> = (1..=8).map(|n| format!("walker-{n}")).collect();
    let pairs: Vec<(&str, &str)> = people
        .iter()
        .enumerate()
        .flat_map(|(n, a)| people[n + 1..].iter().map(move |b| (a.as_str(), b.as_str())))
        .collect();
    let fake = Fake::start(Habit::Honest, 1_000.0, &pairs).await;
    let walkers = People::Walkers {
        count: 8,
        centre: Position::new(-16.5, 180.0).expect("on Earth"),
        spread: Metres(1_500.0),
        interval: Duration::from_millis(100),
        seed: 1,
    };
    let all = Friends::Generated { friends_each: 7, strangers: 0, seed: 1 };
    let mut plan = Plan::new(vec![fake.address.clone()], walkers, all);
    plan.setup = Setup::Exists;
    plan.duration = Some(Duration::from_millis(800));
    plan.check_every = Duration::from_millis(200);
    plan.watch_pid = Some(std::process::id());
    let summary = played(plan).await;
    assert!(summary.ok(), "{summary}");
    assert!(summary.oracle.pairs >= 56, "{summary}");
    assert!(summary.counts.fixes >= 30, "{summary}");
    assert!(summary.server_rss.is_some_and(|watch| !watch.samples.is_empty()));
}

#[tokio::test]
async fn somebody_who_is_dragged_is_neither_sent_nor_judged() {
    let mut evening = evening(Habit::Honest, TRACE).await;
    evening.plan.held = Some(Arc::new(|user| user.as_str() == "ben"));
    evening.fake.drag("ben", 36.1005, -115.10, 1);
    let summary = played(evening.plan).await;
    assert!(summary.ok(), "{summary}");
    assert_eq!(summary.oracle.pairs, 0, "{summary}");
    // Ben's position at the start was sent before anybody was asked.
    assert_eq!(evening.fake.seqs("ben").len(), 1);
}

#[tokio::test]
async fn a_run_that_is_stopped_ends_at_once() {
    let evening =
        evening(Habit::Honest, "user,seconds,lat,lon\nann,0,1,1\nben,1000000,1,1\n").await;
    let asked = Arc::new(AtomicBool::new(false));
    let (flag, fake) = (Arc::clone(&asked), &evening.fake);
    let stop = async move {
        // Once the first fix has come, the trace has nothing more for eleven days.
        until("the first fix", || !fake.seqs("ann").is_empty()).await;
        flag.store(true, SeqCst);
    };
    let summary = run(evening.plan, Arc::new(GivenTokens(TOKEN)), Arc::new(NoObserver), stop).await;
    assert!(asked.load(SeqCst));
    assert_eq!(summary.expect("a summary").counts.connections, 2);
}

#[tokio::test]
async fn plans_that_make_no_sense_are_refused_before_anything_happens() {
    let evening = evening(Habit::Honest, TRACE).await;
    let refused = async |change: &dyn Fn(&mut Plan)| {
        let mut plan = evening.plan.clone();
        change(&mut plan);
        let tokens = Arc::new(GivenTokens(TOKEN));
        run(plan, tokens, Arc::new(NoObserver), std::future::pending()).await.expect_err("refused")
    };
    let error = refused(&|plan| plan.addresses.clear()).await;
    assert_eq!(error.kind(), model::ErrorKind::Invalid);
    let error = refused(&|plan| plan.addresses = vec!["ftp://x".into()]).await;
    assert!(error.to_string().contains("is no address"), "{error}");
    let error = refused(&|plan| plan.graph = Friends::File("absent".into())).await;
    assert!(error.to_string().contains("absent"), "{error}");
}
