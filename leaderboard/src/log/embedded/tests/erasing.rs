//! Files don't say who somebody was that is unknown, once the next snapshot is taken.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use model::{Timestamp, UserId};
use segment_log::test_kit::FaultyDisk;

use super::world::{World, board, change, event, player, request, rules, state_of};
use crate::embedded::EmbeddedLog;
use crate::{Amount, Log, Mutation, ScoreChange};

const NAME: &str = "somebody-by-name";

fn user(name: &str) -> UserId {
    UserId::parse(name).expect("a user id")
}

fn write(mutation: Mutation) -> crate::WriteRequest {
    request(mutation, Timestamp(3))
}

fn erasing() -> Mutation {
    Mutation::Erase { user: user(NAME), pseudonym: user("erased-1") }
}

/// On a board, and banned from it.
async fn fill(log: &EmbeddedLog) {
    let named = ScoreChange { board: board(0), user: user(NAME), amount: Amount::Delta(5) };
    let mutations = [
        Mutation::PutBoard { id: board(0), rules: rules(0) },
        Mutation::Post(event(7, vec![named, change(0, 1, 3)])),
        Mutation::Ban { board: board(0), user: user(NAME), is_banned: true },
        Mutation::Ban { board: board(0), user: player(1), is_banned: true },
    ];
    let outcomes = log.append(mutations.map(write).into()).await.expect("appended");
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
}

/// With a log that waits for no other erasings.
fn prompt() -> World {
    let mut world = World::new();
    world.options.erasing_wait = Duration::ZERO;
    world
}

/// Whether any file has the name.
fn is_named(world: &World) -> bool {
    let mut files = fs::read_dir(world.folder()).expect("a folder");
    files.any(|file| {
        let bytes = fs::read(file.expect("a file").path()).expect("read");
        bytes.windows(NAME.len()).any(|window| window == NAME.as_bytes())
    })
}

#[tokio::test]
async fn an_erasing_takes_the_name_out_of_all_files() {
    let world = prompt();
    let log = world.open().await.expect("opens");
    fill(&log).await;
    assert!(is_named(&world));
    log.append(vec![write(erasing())]).await.expect("appended");
    log.snapshots.wait();
    assert!(!is_named(&world));
    let state = state_of(&log);
    assert!(!state.contains(NAME), "{state}");
    drop(log);
    assert_eq!(world.state().await, state);
}

#[tokio::test]
async fn what_a_process_did_not_come_to_the_next_one_does() {
    let mut world = World::new();
    let log = world.open().await.expect("opens");
    fill(&log).await;
    log.append(vec![write(erasing())]).await.expect("appended");
    let state = state_of(&log);
    // It doesn't wait for the hour to be over.
    drop(log);
    assert!(is_named(&world), "nothing is said of when");
    world.options.erasing_wait = Duration::ZERO;
    let log = world.open().await.expect("opens");
    log.snapshots.wait();
    assert!(!is_named(&world));
    assert_eq!(state_of(&log), state);
}

#[tokio::test]
async fn a_snapshot_that_was_begun_before_is_followed_by_another() {
    let world = prompt();
    let disk = FaultyDisk::default();
    let log = Arc::new(world.open_on(Arc::new(disk.clone())).await.expect("opens"));
    fill(&log).await;
    let (writing, snapshots) = (Arc::downgrade(&log), Arc::clone(&log.snapshots));
    let is_first = std::sync::atomic::AtomicBool::new(true);
    disk.before_each_write_of(".part", move || {
        if is_first.swap(false, std::sync::atomic::Ordering::Relaxed) {
            let log = writing.upgrade().expect("open");
            log.shared.append(vec![write(erasing())]).expect("appended");
            snapshots.start(&log.shared);
        }
    });
    log.snapshots.start(&log.shared);
    log.snapshots.wait();
    assert!(!is_named(&world));
}
