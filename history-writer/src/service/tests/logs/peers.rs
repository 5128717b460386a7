//! Processes that ask each other what waits in their logs.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::network::{Manner, Network, address};
use super::*;
use crate::peers::message::Question;

impl Deployment {
    fn network(&self) -> &Network {
        self.network.as_ref().expect("processes can be asked")
    }
}

#[tokio::test]
async fn a_track_has_what_waits_anywhere() {
    let deployment = Deployment::connected().await;
    let (near, mut far) = (deployment.process(1).await, deployment.process(2).await);
    deployment.clock.advance_ms(1_000);
    deployment.keep(&near, 1).await;
    deployment.keep(&far, 2).await;
    deployment.clock.advance_ms(1_000);
    near.look().await;
    far.look().await;
    assert_eq!(near.track().await, (vec![1, 2], 2_000, vec![]));
    assert_eq!(far.track().await, (vec![1, 2], 2_000, vec![]));

    // What is stored meanwhile is there once; what is erased isn't, wherever it waits.
    far.writer.finish().await.expect("stored");
    assert_eq!(near.track().await, (vec![1, 2], 2_000, vec![]));
    let range = TimeRange { from: Timestamp(NOW + 1_000), to: Timestamp(NOW + 2_000) };
    far.history.erase(&user("ann"), range).await.expect("erased").expect("one");
    assert_eq!(near.track().await, (vec![2], 2_000, vec![]));
    assert_eq!(far.track().await, (vec![2], 2_000, vec![]));
}

#[tokio::test]
async fn all_pages_have_what_waited_when_the_first_was_read() {
    let deployment = Deployment::connected().await;
    let (near, mut far) = (deployment.process(1).await, deployment.process(2).await);
    for second in 0..6 {
        deployment.keep(if second % 2 == 0 { &near } else { &far }, second).await;
    }
    near.look().await;
    let (range, direction) = (TimeRange::ALL, Direction::Ascending);
    let query = TrackQuery { range, direction, limit: 2, after: None };
    let mut pages = near.history.pages(&user("ann"), query);
    let mut seconds = Vec::new();
    while let Some(page) = pages.next().await.expect("a page") {
        seconds.extend(page.points.iter().map(|point| (point.effective().0 - NOW) / 1_000));
        // Stored, forgotten, and gone: the store has them.
        far.writer.finish().await.expect("stored");
        deployment.network().behaves(2, Manner::Gone);
    }
    assert_eq!(seconds, [0, 1, 2, 3, 4, 5]);
    assert!(pages.incomplete().is_empty());
    assert_eq!(deployment.network().asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn whoever_does_not_answer_makes_a_track_incomplete_and_is_waited_for_once_a_second() {
    let deployment = Deployment::connected().await;
    let (near, far) = (deployment.process(1).await, deployment.process(2).await);
    deployment.clock.advance_ms(1_000);
    deployment.keep(&far, 1).await;
    far.look().await;
    near.look().await;
    deployment.network().behaves(2, Manner::Silent);
    let started = Instant::now();
    for _ in 0..20 {
        assert_eq!(near.track().await, (vec![], 999, vec!["log_away"]));
    }
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    assert_eq!(deployment.network().asked.load(Ordering::Relaxed), 1);
    deployment.network().behaves(2, Manner::Honest);
    assert_eq!(near.track().await.2, ["log_away"], "it isn't asked yet");
    deployment.clock.advance_ms(1_000);
    assert_eq!(near.track().await, (vec![1], 1_000, vec![]));
}

#[tokio::test]
async fn what_is_no_answer_of_this_deployment_makes_a_track_incomplete() {
    let deployment = Deployment::connected().await;
    let (near, far) = (deployment.process(1).await, deployment.process(2).await);
    deployment.keep(&far, 1).await;
    near.look().await;
    assert_eq!(near.track().await.0, [1], "an answer that can be repeated");
    let foreign = DeploymentKeys::new(DeploymentKey::new(&[8; 32]), Vec::new());
    for manner in [
        Manner::Gone,
        Manner::Says(Vec::new()),
        Manner::Says(b"<html>".to_vec()),
        Manner::Says(vec![0; crate::ANSWER_BYTES_MAX]),
        Manner::Says(foreign.seal_question(1, b"\x01\0\0")),
        Manner::Repeats,
    ] {
        deployment.clock.advance_ms(1_000);
        deployment.network().behaves(2, manner.clone());
        assert_eq!(near.track().await.2, ["log_away"], "{manner:?}");
    }
}

#[tokio::test]
async fn an_address_at_which_another_process_answers_is_none() {
    let deployment = Deployment::connected().await;
    let (near, far) = (deployment.process(1).await, deployment.process(2).await);
    let other = deployment.process(3).await;
    deployment.clock.advance_ms(1_000);
    deployment.keep(&far, 1).await;
    for process in [&far, &other, &near] {
        process.look().await;
    }
    assert_eq!(near.track().await, (vec![1], 1_000, vec![]));
    // As if both had told the same address.
    for address in [address(3), address(1)] {
        let mut told = deployment.marks.told.lock().get(&LogId(2)).cloned().expect("told");
        told.address = Some(address);
        deployment.marks.told.lock().insert(LogId(2), told);
        near.look().await;
        for _ in 0..2 {
            assert_eq!(near.track().await, (vec![], 999, vec![]), "as if it couldn't be asked");
        }
    }
}

#[tokio::test]
async fn only_fresh_questions_of_this_deployment_are_answered() {
    let deployment = Deployment::connected().await;
    let process = deployment.process(1).await;
    let question = |ago_ms: i64| Question {
        asked_at: deployment.clock.now().wall.plus_ms(-ago_ms),
        range: TimeRange::ALL,
        user: user("ann"),
    };
    let answer = |key: u8, question: &[u8]| {
        let keys = DeploymentKeys::new(DeploymentKey::new(&[key; 32]), Vec::new());
        process.history.answer_peer(&keys.seal_question(1, question)).map(drop)
    };
    let five_minutes = 5 * 60 * 1_000;
    assert_eq!(answer(7, &question(0).encode()), Ok(()));
    for ago_ms in [five_minutes, -five_minutes] {
        assert_eq!(answer(7, &question(ago_ms).encode()), Ok(()));
        let late = question(ago_ms + ago_ms.signum()).encode();
        assert_eq!(answer(7, &late), Err(Unanswered::Late));
    }
    assert_eq!(answer(8, &question(0).encode()), Err(Unanswered::NotOurs));
    assert_eq!(answer(7, b"what?"), Err(Unanswered::NotOurs));
    assert_eq!(process.history.answer_peer(&[]).map(drop), Err(Unanswered::NotOurs));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Each point goes to some processes, which store at some moments: every process shows all of them.
    #[test]
    fn wherever_points_are_the_track_is_their_union(
        steps in prop::collection::vec((0..3usize, 0..40i64, prop::bool::weighted(0.2)), 1..40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let deployment = Deployment::connected().await;
            let mut processes = Vec::new();
            for log in 1..=3 {
                processes.push(deployment.process(log).await);
            }
            let mut expected = std::collections::BTreeSet::new();
            for (at, second, stores) in steps {
                deployment.keep(&processes[at], second).await;
                expected.insert(second);
                if stores {
                    processes[at].writer.finish().await.expect("stored");
                }
            }
            for process in &processes {
                process.look().await;
            }
            for process in &processes {
                let (seconds, _, incomplete) = process.track().await;
                assert!(seconds.iter().eq(&expected), "{seconds:?} aren't {expected:?}");
                assert!(incomplete.is_empty());
            }
        });
    }
}
