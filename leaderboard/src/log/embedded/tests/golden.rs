//! The form of files is frozen: later programs read what is on disks. If this fails, the format has changed, and wants
//! another version.

use std::sync::atomic::AtomicBool;

use model::Timestamp;

use super::world::{World, board, change, event, player, read, rules};
use crate::log::embedded::snapshot::snapshot;
use crate::{Log, Mutation, WriteRequest};

/// A log of a board, an event and a ban, in one batch.
async fn filled() -> World {
    let world = World::new();
    let log = world.open().await.expect("opens");
    let ban = Mutation::Ban { board: board(0), user: player(2), is_banned: true };
    let mutations = [
        Mutation::PutBoard { id: board(0), rules: rules(0) },
        Mutation::Post(event(7, vec![change(0, 1, 5)])),
        ban,
    ];
    let write = |mutation| WriteRequest { mutation, at: Timestamp(3) };
    let outcomes = log.append(mutations.map(write).into()).await.expect("appended");
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    world
}

fn hex(bytes: &[u8]) -> Vec<String> {
    let digit = |half: u8| char::from_digit(half.into(), 16).expect("a digit");
    let line = |bytes: &[u8]| bytes.iter().flat_map(|it| [it >> 4, it & 15]).map(digit).collect();
    bytes.chunks(24).map(line).collect()
}

#[tokio::test]
async fn the_form_of_a_segment_is_frozen() {
    let world = filled().await;
    assert_eq!(hex(&read(&world.segments()[0])), SEGMENT);
}

#[tokio::test]
async fn the_form_of_a_snapshot_is_frozen() {
    let world = filled().await;
    let log = world.open().await.expect("opens");
    snapshot(&log.shared, &AtomicBool::new(false)).expect("taken");
    assert_eq!(hex(&read(&world.snapshots()[0])), SNAPSHOT);
}

const SEGMENT: &[&str] = &[
    "57416c62206c6f670100000001000000000000009c109c13",
    "60000000ff3b4e8e01000000000000000102623001010101",
    "01c701feffffffffffffffff0106030467616d65026b3706",
    "0001c20831b3d98926d1db0f2336da53b79e908fdfa06327",
    "14603e0afda35838bd3c000100027031010a0100010a0101",
    "0401020270320100",
];

const SNAPSHOT: &[&str] = &[
    "57416c62736e6170010000000300000000000000e42f411a",
    "20000000f587410a00000000000000000101026230010101",
    "0101c701feffffffffffffffff0106020a000000b5c95282",
    "010000000000000001010d000000f92f1d9d020000000000",
    "00000201027032100000004a2c9d57030000000000000003",
    "01000270310a014c0000007fe517a2040000000000000004",
    "4300030000000000000040ab7b0466771a7d03c150179931",
    "b9a801c20831b3d98926d1db0f2336da53b79e908fdfa063",
    "2714603e0afda35838bd3c00010100010a01010a000000e7",
    "cddb0105000000000000000503",
];
