//! The form of files is frozen: later programs read what is on disks. If this fails, the format has changed, and wants
//! another version.

use data_encoding::HEXLOWER;

use super::world::{World, append, numbers, point, read, read_all, user, write};
use crate::{LogPosition, LogReader};

fn hex(bytes: &[u8]) -> Vec<String> {
    bytes.chunks(24).map(|line| HEXLOWER.encode(line)).collect()
}

fn bytes(lines: &[&str]) -> Vec<u8> {
    HEXLOWER.decode(lines.concat().as_bytes()).expect("hexadecimal")
}

#[tokio::test]
async fn the_form_of_a_segment_is_frozen() {
    let world = World::new();
    let (log, _) = world.open_faulty().await;
    append(&log, 0, 2).await;
    assert_eq!(hex(&read(&world.segments()[0])), SEGMENT);
}

#[tokio::test]
async fn the_form_of_a_mark_is_frozen() {
    let world = World::filled(2).await;
    let log = world.open().await.expect("opens");
    log.forget(LogPosition(5)).await.expect("told");
    world.clock.advance_ms(60_000);
    log.forget(LogPosition(5)).await.expect("told");
    assert_eq!(hex(&read(&world.folder().join("mark"))), [MARK]);
}

#[tokio::test]
async fn what_was_written_then_is_read() {
    let world = World::new();
    std::fs::create_dir_all(world.folder()).expect("made");
    write(&world.folder().join("log-00000000000000000001"), &bytes(SEGMENT));
    write(&world.folder().join("mark"), &bytes(&[MARK]));
    let log = world.open().await.expect("opens");
    assert_eq!(numbers(&read_all(&log).await), [4, 5]);
}

/// How LZ4 finds what repeats may change, not how it is written down.
#[tokio::test]
async fn what_was_packed_then_is_read() {
    let world = World::new();
    std::fs::create_dir_all(world.folder()).expect("made");
    write(&world.folder().join("log-00000000000000000001"), &bytes(PACKED));
    let log = world.open().await.expect("opens");
    let read = read_all(&log).await;
    assert_eq!(read.len(), 100);
    assert!(read.iter().all(|it| (&it.user, &it.point) == (&user(1), &point(2))));
}

const SEGMENT: &[&str] = &[
    "57416869206c6f6701000000010000000000000080d3bead",
    "530000009ba3149201000000000000000068e5cf8b010000",
    "d06fe5cf8b01000003000000003200000006757365722d30",
    "03260570686f6e6580a0abfef962000000ffe3bd8b09ac02",
    "0101d00f0202c8010021d00f0402c80100ac025d000000b6",
    "8cc9f70400000000000000b873e5cf8b010000887be5cf8b",
    "01000003000000003c00000006757365722d310302057068",
    "6f6e65f0ceabfef9620606d804ffe3bd8b09230577617463",
    "68d00f0802c80100ac02030570686f6e65d00f0a02c80100",
];

// A hundred times the point 2 of user 1.
const PACKED: &[&str] = &[
    "57416869206c6f6701000000010000000000000080d3bead",
    "5500000008913f480100000000000000d06fe5cf8b010000",
    "d06fe5cf8b010000640000000138030000ff170675736572",
    "2d3164220570686f6e65a0bfabfef96204049003ffe3bd8b",
    "09ac022100040000000800fffffb6004000000ac02",
];

const MARK: &str = "574168696d61726b01000000050000000000000019ee3cb9";
