//! The form of files is frozen: later programs read what is on disks. If this fails, the format has changed, and wants
//! another version.

use std::sync::atomic::AtomicBool;

use model::Timestamp;

use super::world::{World, board, change, event, player, read, request, rules, write};
use crate::log::embedded::snapshot::snapshot;
use crate::{Log, Mutation};

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
    let write = |mutation| request(mutation, Timestamp(3));
    let outcomes = log.append(mutations.map(write).into()).await.expect("appended");
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    world
}

fn hex(bytes: &[u8]) -> Vec<String> {
    let digit = |half: u8| char::from_digit(half.into(), 16).expect("a digit");
    let line = |bytes: &[u8]| bytes.iter().flat_map(|it| [it >> 4, it & 15]).map(digit).collect();
    bytes.chunks(24).map(line).collect()
}

fn bytes(lines: &[&str]) -> Vec<u8> {
    let digits = lines.concat();
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).expect("hexadecimal");
    (0..digits.len()).step_by(2).map(byte).collect()
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

#[tokio::test]
async fn what_format_1_wrote_is_read_and_goes_on_in_another_segment() {
    let expected = filled().await.state().await;
    for files in [
        &[("log-00000000000000000001", SEGMENT_1)][..],
        &[
            ("snapshot-00000000000000000003", SNAPSHOT_1),
            ("log-00000000000000000004", EMPTY_SEGMENT_1),
        ],
    ] {
        let world = World::new();
        std::fs::create_dir_all(world.folder()).expect("made");
        for (name, lines) in files {
            write(&world.folder().join(name), &bytes(lines));
        }
        assert_eq!(world.state().await, expected);
        let newest = world.segments().pop().expect("a segment");
        assert_eq!(read(&newest)[8], 2, "what comes is of the format of this program");
        assert_eq!(world.state().await, expected, "and is read again");
    }
}

const SEGMENT: &[&str] = &[
    "57416c62206c6f670200000001000000000000006cc20264",
    "660000003e0648ca01000000000000000502623001010101",
    "01c701feffffffffffffffff010600000006000003046761",
    "6d65026b37060001c20831b3d98926d1db0f2336da53b79e",
    "908fdfa0632714603e0afda35838bd3c000100027031010a",
    "0100010a01010401020270320100",
];

const SNAPSHOT: &[&str] = &[
    "57416c62736e617002000000030000000000000014fddf6d",
    "26000000026fcb4000000000000000000601026230010101",
    "0101c701feffffffffffffffff0106000000060000020a00",
    "0000725f13cd010000000000000006010d000000f92f1d9d",
    "02000000000000000201027032100000004a2c9d57030000",
    "00000000000301000270310a014c0000007fe517a2040000",
    "0000000000044300030000000000000040ab7b0466771a7d",
    "03c150179931b9a801c20831b3d98926d1db0f2336da53b7",
    "9e908fdfa0632714603e0afda35838bd3c00010100010a01",
    "010a000000e7cddb0105000000000000000503",
];

// By a program that knew no seasons.

const SEGMENT_1: &[&str] = &[
    "57416c62206c6f670100000001000000000000009c109c13",
    "60000000ff3b4e8e01000000000000000102623001010101",
    "01c701feffffffffffffffff0106030467616d65026b3706",
    "0001c20831b3d98926d1db0f2336da53b79e908fdfa06327",
    "14603e0afda35838bd3c000100027031010a0100010a0101",
    "0401020270320100",
];

const SNAPSHOT_1: &[&str] = &[
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

const EMPTY_SEGMENT_1: &[&str] = &["57416c62206c6f67010000000400000000000000f81e7c5b"];
