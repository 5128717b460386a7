//! What one process changes, the others hear.

use std::time::Duration;

use directory::{Change, Store, Verb};
use rustix::process::{Pid, Signal, kill_process};

use super::world::{
    Ear, apply, aside, connect, database, ensure, id, relate, sessions, shared, touched, until,
};

const LISTENING: &str = "whereabouts listening";

#[tokio::test]
async fn stores_on_one_database_hear_each_other_within_a_second() {
    let config = database(shared().await).await;
    let (one, other) = (connect(&config).await, connect(&config).await);
    apply(&one, ensure(&["alice", "bob", "carol"])).await;
    let (mut near, mut far) = (Ear::on(&one), Ear::on(&other));
    for (changing, [a, b]) in [(&one, ["alice", "bob"]), (&other, ["alice", "carol"])] {
        apply(changing, relate(Verb::Befriend, a, b)).await;
        for ear in [&mut near, &mut far] {
            assert_eq!(ear.next_within(Duration::from_secs(1)).await, touched(&[a, b]));
        }
    }
    let circle = one.circle(&id("alice")).await.expect("the store is there");
    assert_eq!(circle.friends.len(), 2);
}

#[tokio::test]
async fn an_own_change_is_announced_before_its_answer_and_only_once() {
    let config = database(shared().await).await;
    let (one, other) = (connect(&config).await, connect(&config).await);
    apply(&one, ensure(&["alice", "bob", "carol"])).await;
    let mut ear = Ear::on(&one);
    apply(&one, relate(Verb::Befriend, "alice", "bob")).await;
    assert_eq!(ear.rest(), [touched(&["alice", "bob"])]);
    // Notices come in the order of commits: had the own one been announced, it would come before this.
    apply(&other, relate(Verb::Befriend, "alice", "carol")).await;
    assert_eq!(ear.next().await, touched(&["alice", "carol"]));
}

#[tokio::test]
async fn a_change_of_hundreds_of_users_is_heard_whole() {
    let config = database(shared().await).await;
    let (one, other) = (connect(&config).await, connect(&config).await);
    let users: Vec<String> = (0..256).map(|n| format!("{n:064}")).collect();
    let users: Vec<&str> = users.iter().map(String::as_str).collect();
    apply(&one, ensure(&users)).await;
    let mut ear = Ear::on(&other);
    let pairs = users.chunks(2).flat_map(|pair| relate(Verb::Befriend, pair[0], pair[1]));
    apply(&one, pairs.collect()).await;
    let mut heard = Vec::new();
    while heard.len() < users.len() {
        match ear.next().await {
            Change::Touched(users) => heard.extend(users),
            Change::Lost => panic!("nothing was lost"),
        }
    }
    assert!(heard.iter().map(model::UserId::as_str).eq(users));
}

#[tokio::test]
async fn after_the_listening_connection_was_ended_what_was_missed_is_told_and_changes_come_again() {
    let config = database(shared().await).await;
    let (one, other) = (connect(&config).await, connect(&config).await);
    apply(&one, ensure(&["alice", "bob"])).await;
    let mut ear = Ear::on(&other);
    let ending = sqlx::query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = $1",
    );
    ending.bind(LISTENING).execute(&mut aside(&config).await).await.expect("ended");
    assert_eq!(ear.next().await, Change::Lost);
    assert_eq!(other.fault(), None);
    until("one listens too", async || one.fault().is_none()).await;
    apply(&one, relate(Verb::Befriend, "alice", "bob")).await;
    assert_eq!(ear.next().await, touched(&["alice", "bob"]));
}

#[tokio::test]
async fn a_listening_connection_that_is_dead_while_tcp_lives_is_found_within_three_seconds() {
    let config = database(shared().await).await;
    let store = connect(&config).await;
    let mut ear = Ear::on(&store);
    let frozen = Frozen::now(&sessions(&config, LISTENING).await);
    // And the moment that it takes to connect again.
    assert_eq!(ear.next_within(Duration::from_secs(4)).await, Change::Lost);
    assert_eq!(store.fault(), None);
    drop(frozen);
}

#[tokio::test]
async fn connections_that_are_dead_while_tcp_lives_are_replaced() {
    let config = database(shared().await).await;
    let store = connect(&config).await;
    apply(&store, ensure(&["alice"])).await;
    let idle = sessions(&config, "whereabouts").await;
    assert!(!idle.is_empty());
    let frozen = Frozen::now(&idle);
    let found = store.users(&[id("alice")]).await.expect("by another connection");
    assert!(found[0].is_some());
    drop(frozen);
}

#[tokio::test]
async fn a_dropped_store_listens_no_longer() {
    let config = database(shared().await).await;
    let store = connect(&config).await;
    assert_eq!(sessions(&config, LISTENING).await.len(), 1);
    drop(store);
    until("nobody listens", async || sessions(&config, LISTENING).await.is_empty()).await;
}

/// Processes that stand still, with their connections open, until this is dropped.
struct Frozen(Vec<Pid>);

impl Frozen {
    fn now(ids: &[i32]) -> Self {
        assert!(!ids.is_empty(), "there is something to freeze");
        let processes: Vec<_> = ids.iter().filter_map(|id| Pid::from_raw(*id)).collect();
        for process in &processes {
            kill_process(*process, Signal::STOP).expect("a process that can be stopped");
        }
        Self(processes)
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        for process in &self.0 {
            let _ = kill_process(*process, Signal::CONT);
        }
    }
}
