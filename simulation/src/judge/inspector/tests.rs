use std::time::Duration;

use model::{Metres, Position};
use tokio_tungstenite::tungstenite::Message;

use super::*;
use crate::fake::{Fake, GivenTokens, Habit, TOKEN, until};
use crate::{Friends, NoObserver, People, Plan, Run, Setup};

const INTERVAL: Duration = Duration::from_millis(50);

/// Two walkers who are friends and always near each other, looked at only when asked.
async fn walk(habit: Habit) -> (Fake, Run) {
    walk_with(habit, Duration::from_secs(10)).await
}

/// The same, with so much time for answers.
async fn walk_with(habit: Habit, settle_within: Duration) -> (Fake, Run) {
    let fake = Fake::start(habit, 5_000.0, &[("walker-1", "walker-2")]).await;
    let centre = Position::new(36.1, -115.1).expect("on Earth");
    let walkers =
        People::Walkers { count: 2, centre, spread: Metres(900.0), interval: INTERVAL, seed: 1 };
    let friends = Friends::Generated { friends_each: 1, strangers: 0, seed: 1 };
    let mut plan = Plan::new(vec![fake.address.clone()], walkers, friends);
    plan.setup = Setup::Exists;
    plan.check_every = Duration::from_hours(1);
    plan.settle_within = settle_within;
    let run =
        Run::begin(plan, Arc::new(GivenTokens(TOKEN)), Arc::new(NoObserver)).await.expect("begun");
    (fake, run)
}

#[tokio::test]
async fn a_run_is_looked_at_when_somebody_asks_and_goes_on() {
    let (_fake, run) = walk(Habit::Honest).await;
    let inspector = run.inspector();
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(run.until(async { drop(stopped.await) }));
    until("both report", || inspector.counts().acks >= 2).await;
    let first = inspector.look().await.expect("it runs");
    assert_eq!((first.verdict.pairs, first.judged, first.lost, first.unanswered), (2, 2, 0, 0));
    assert_eq!((first.verdict.missed, first.verdict.wrong), (0, 0), "{first:?}");
    let acks = inspector.counts().acks;
    until("they go on", || inspector.counts().acks > acks).await;
    inspector.look().await.expect("it runs");
    drop(stop);
    let summary = running.await.expect("no panic").expect("a summary");
    assert_eq!((summary.oracle.checks, summary.oracle.pairs), (2, 4));
    assert!(inspector.look().await.is_none(), "it is over");
}

#[tokio::test]
async fn what_is_wrong_is_found_when_somebody_asks() {
    let (_fake, run) = walk(Habit::Secretive).await;
    let inspector = run.inspector();
    let _running = tokio::spawn(run.until(std::future::pending()));
    until("both report", || inspector.counts().acks >= 2).await;
    assert_eq!(inspector.look().await.expect("it runs").verdict.missed, 2);
}

#[tokio::test]
async fn who_is_forgiven_for_an_answer_is_neither_judged_nor_counted() {
    let (_fake, run) = walk_with(Habit::Absent, Duration::from_millis(200)).await;
    let inspector = run.inspector();
    let _running = tokio::spawn(run.until(std::future::pending()));
    until("both report", || inspector.counts().acks >= 2).await;
    inspector.forgive_pings(|person| person == 1);
    let found = inspector.look().await.expect("it runs");
    assert_eq!((found.unanswered, found.excused, found.judged), (1, 1, 0), "{found:?}");
    inspector.forgive_pings(|_| false);
    let found = inspector.look().await.expect("it runs");
    assert_eq!((found.unanswered, found.excused), (2, 0), "{found:?}");
}

#[tokio::test]
async fn gaps_are_counted_for_each_person_and_end_with_a_snapshot() {
    let (fake, run) = walk(Habit::Honest).await;
    let inspector = run.inspector();
    let situations = || inspector.situations();
    until("snapshots", || situations().iter().all(|s| s.complete)).await;
    fake.say("walker-2", Message::text(r#"{"type":"gap"}"#));
    until("the gap", || situations()[1].gaps == 1).await;
    let [first, second] = situations()[..] else { panic!("two people") };
    let calm = Situation { address: Some(0), sessions: 1, complete: true, gaps: 0, in_view: 0 };
    assert_eq!((first, second), (calm, Situation { complete: false, gaps: 1, ..calm }));
    let snapshot =
        r#"{"type":"snapshot","epoch":"e","time_ms":0,"located":false,"friends":[],"more":false}"#;
    fake.say("walker-2", Message::text(snapshot));
    until("the snapshot", || situations()[1].complete).await;
    fake.close("walker-2", 4500);
    until("the end", || situations()[1].address.is_none()).await;
    assert_eq!(situations()[1].gaps, 1);
}
