use model::{Metres, Position};
use tokio::sync::oneshot;

use super::*;
use crate::fake::{Fake, GivenTokens, Habit, TOKEN, until};
use crate::{Finding, Friends, Inspector, NoObserver, People, Plan, Run, Setup, Summary};

const PEOPLE: usize = 8;

/// Pairs of a watcher and a friend, if all are friends.
const ALL: u64 = (PEOPLE * (PEOPLE - 1)) as u64;

/// People who all are near each other and friends at first, while friendships change so often, until something is so.
async fn while_friendships_change(
    habit: Habit,
    per_s: f64,
    what: &str,
    is_so: impl Fn(&Inspector) -> bool,
) -> (Finding, Summary) {
    let people: Vec<_> = (1..=PEOPLE).map(|n| format!("walker-{n}")).collect();
    let of = |n: usize| people[n + 1..].iter().map(move |other| (n, other.as_str()));
    let pairs: Vec<_> =
        (0..PEOPLE).flat_map(of).map(|(n, other)| (people[n].as_str(), other)).collect();
    let fake = Fake::start(habit, 5_000.0, &pairs).await;
    let walkers = People::Walkers {
        count: PEOPLE,
        centre: Position::new(36.1, -115.1).expect("on Earth"),
        spread: Metres(900.0),
        interval: Duration::from_millis(50),
        seed: 1,
    };
    let all = Friends::Generated { friends_each: PEOPLE - 1, strangers: 0, seed: 1 };
    let mut plan = Plan::new(vec![fake.address.clone()], walkers, all);
    plan.setup = Setup::Exists;
    plan.check_every = Duration::from_hours(1);
    plan.friendship_changes = Some(FriendshipChanges { per_s, seed: 1 });
    let tokens = Arc::new(GivenTokens(TOKEN));
    let run = Run::begin(plan, tokens, Arc::new(NoObserver)).await.expect("begun");
    let inspector = run.inspector();
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(run.until(async { drop(stopped.await) }));
    until(what, || is_so(&inspector)).await;
    let found = inspector.look().await.expect("it goes on");
    drop(stop);
    (found, running.await.expect("no panic").expect("a summary"))
}

#[tokio::test]
async fn an_honest_service_passes_while_friendships_change() {
    let many = |inspector: &Inspector| inspector.counts().friendships_changed > 100;
    let (found, summary) =
        while_friendships_change(Habit::Honest, 100.0, "many changes", many).await;
    assert!(summary.ok(), "{summary}");
    assert_eq!(summary.error_examples, Vec::<String>::new());
    assert_eq!(summary.counts.friendships_unknown, 0);
    assert!((1..ALL).contains(&found.verdict.pairs), "some are friends: {summary}");
    let friends = |graph: &crate::Graph| graph.pairs().collect::<Vec<_>>();
    let now = found.friendships;
    assert_eq!(friends(&now.steady), friends(&now.possible), "all are known");
    assert_eq!(2 * friends(&now.steady).len() as u64, found.verdict.pairs);
}

#[tokio::test]
async fn a_service_that_shows_former_friends_is_found_out_at_once_and_by_a_look() {
    let told = |text: &String| text.contains("ms after the end of their friendship");
    let fault = |inspector: &Inspector| inspector.faults().iter().any(told);
    let (found, summary) = while_friendships_change(Habit::Stubborn, 5.0, "a fault", fault).await;
    assert!(found.verdict.wrong > 0 && found.verdict.missed == 0, "{summary}");
    assert!(summary.counts.errors > 0, "{summary}");
}

#[tokio::test]
async fn of_changes_without_an_answer_either_outcome_is_right() {
    let some = |inspector: &Inspector| inspector.counts().friendships_unknown > 0;
    let what = "changes of which nobody knows";
    let (found, summary) = while_friendships_change(Habit::Unsure, 100.0, what, some).await;
    assert!(summary.ok(), "{summary}");
    assert_eq!(summary.error_examples, Vec::<String>::new());
    assert_eq!(summary.counts.friendships_changed, 0);
    assert!(found.verdict.pairs < ALL, "nobody knows of all: {summary}");
    let open = found.friendships.possible.pairs().count();
    assert!(open > found.friendships.steady.pairs().count(), "{summary}");
}

#[tokio::test]
async fn a_rate_that_makes_no_sense_is_refused() {
    for per_s in [0.0, -1.0, f64::NAN, f64::INFINITY, 1_001.0] {
        let graph = Arc::new(crate::Graph::new(Vec::new(), []));
        let crowd = Arc::new(Crowd::new(graph, Arc::new(model::SystemClock::start())));
        let rest = Rest::new(Vec::new().into());
        let changes = FriendshipChanges { per_s, seed: 1 };
        let made = Changer::new(changes, crowd, rest, Arc::new(GivenTokens(TOKEN)));
        assert!(made.is_err(), "{per_s}");
    }
}
