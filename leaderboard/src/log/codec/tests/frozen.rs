//! What is on disks is read by every later program: if one of these fails, the format has changed, and wants another version.

use std::sync::Arc;

use super::*;

/// As every board begins.
const RULES: &[u8] = &[0xac, 2, 2, 2, 2, 2, 1, 0x80, 1, 10];
/// What an event came to.
const DONE: &[u8] = &[1, 0, 3, b'a', b'n', b'n', 2, 3, 0xac, 2, 7, 4, 3, 3, 2];
const DIGEST: [u8; CanonicalDigest::BYTES] = [6; CanonicalDigest::BYTES];

fn ann() -> UserId {
    UserId::parse("ann").expect("a user id")
}

fn standings(season: u32) -> StandingsId {
    StandingsId { board: BoardNumber(300), season }
}

const ENTRY: Entry = Entry { score: -2, reached: BoardPosition(3) };

fn board() -> Board {
    Board {
        id: BoardId::parse("b").expect("a board id"),
        number: BoardNumber(300),
        rules: Rules {
            wins: Wins::Low,
            operator: Operator::Best,
            ranking: Ranking::Dense,
            readers: Readers::Services,
            range: ScoreRange { min: -1, max: 64 },
            season: None,
        },
        created: Timestamp(5),
        season: Season::first(Timestamp(5), None),
        past: Arc::from([]),
    }
}

/// One of every kind that format 1 has.
fn records() -> [Record; 5] {
    let board = board();
    let event = ScoreEvent {
        producer: UserId::parse("p").expect("a user id"),
        key: EventKey::parse("k").expect("a key"),
        happened: Some(Timestamp(9)),
        changes: vec![ScoreChange {
            board: board.id.clone(),
            user: ann(),
            amount: Amount::Score(-2),
        }],
    };
    let applied = Applied {
        standings: standings(7),
        position: BoardPosition(4),
        user: ann(),
        entry: ENTRY,
        effect: Effect::Changed,
    };
    let digest = CanonicalDigest::from_bytes(DIGEST);
    let at = Timestamp(10);
    let refused = Err(Refusal::OutOfRange { min: -1, max: 1 });
    [
        Record::Board(board.clone()),
        Record::Event(EventRecord { event: event.clone(), at, digest, result: Ok(vec![applied]) }),
        Record::Event(EventRecord { event, at, digest, result: refused }),
        Record::Ban(BanRecord {
            board: board.number,
            position: BoardPosition(5),
            user: ann(),
            is_banned: true,
            entries: vec![(standings(7), ENTRY)],
        }),
        Record::Deleted(board),
    ]
}

/// The records, with a board and the same one deleted, as their tags and these bytes behind the rules.
fn golden(board: u8, deleted: u8, seasons: &[u8]) -> Vec<u8> {
    let golden: [&[u8]; 14] = [
        &[board, 1, b'b'],
        RULES,
        seasons,
        &[3, 1, b'p', 1, b'k', 20, 1, 2],
        &DIGEST,
        &[0],
        DONE,
        &[3, 0, 1, b'k', 20, 1, 2],
        &DIGEST,
        &[3, 1, 2, 1, 0, 3, b'a', b'n', b'n', 2, 3],
        &[4, 0xac, 2, 5, 3, b'a', b'n', b'n', 1, 1, 0xac, 2, 7, 3, 3],
        &[deleted, 0],
        RULES,
        seasons,
    ];
    golden.concat()
}

#[test]
fn the_form_of_records_is_frozen() {
    // No rules of seasons, none before, and the first one, which began at 5.
    assert_eq!(encoded(&records()), golden(5, 6, &[0, 0, 0, 10, 0, 0]));
}

#[test]
fn what_format_1_wrote_is_read() {
    assert_eq!(decoded(&golden(1, 2, &[])), Ok(records().into()));
}

#[test]
fn the_form_of_seasons_is_frozen() {
    let reward = |to, data: &str| Reward { to, data: data.into() };
    let rewards: Arc<[Reward]> = Arc::from([
        reward(Rewarded::Ranks { from: 1, to: 3 }, "{}"),
        reward(Rewarded::Top { percent_hundredths: 500 }, "1"),
    ]);
    let ended = |closes, is_sealed, rewards| Ended {
        closes: Timestamp(closes),
        is_sealed,
        ranking: Ranking::Ordinal,
        rewards,
    };
    let season = |number, starts, ends, ended| Season {
        number,
        starts: Timestamp(starts),
        ends: Some(Timestamp(ends)),
        ended,
    };
    let calendar = Calendar::parse("0 0 * * 1", "UTC").expect("a calendar");
    let (schedule, rules) = (Schedule::Repeats(calendar), Arc::clone(&rewards));
    let rules = SeasonRules { schedule, grace_ms: 2, archives: 3, rewards: rules };
    let past = [
        season(1, 1, 2, Some(ended(3, true, Arc::from([])))),
        season(2, 2, 3, Some(ended(4, true, Arc::from([])))),
    ];
    let sealed = Sealed { standings: standings(2), left_out: vec![ann()] };
    let board = Board {
        rules: Rules { season: Some(Arc::new(rules)), ..board().rules },
        season: season(3, 3, 4, Some(ended(5, false, Arc::clone(&rewards)))),
        past: Arc::from(past),
        ..board()
    };
    let season = SeasonRecord { board, position: BoardPosition(6), sealed: Some(sealed) };
    let erased = ErasedRecord {
        user: ann(),
        pseudonym: UserId::parse("e").expect("a user id"),
        boards: vec![ErasedFrom {
            board: BoardNumber(300),
            position: BoardPosition(7),
            is_banned: true,
            entries: vec![(standings(7), ENTRY, false)],
        }],
    };
    let rewards: &[u8] = &[2, 1, 1, 3, 2, b'{', b'}', 2, 0xf4, 3, 1, b'1'];
    let golden: [&[u8]; 13] = [
        &[7, 1, b'b'],
        RULES,
        &[2, 9],
        b"0 0 * * 1",
        &[3, b'U', b'T', b'C', 4, 3],
        rewards,
        &[2, 1, 2, 1, 4, 1, 6, 1, 3, 1, 0],
        &[2, 4, 1, 6, 1, 8, 1, 3, 0],
        &[3, 6, 1, 8, 1, 10, 0, 3, 1],
        rewards,
        &[6, 1, 0xac, 2, 2, 1, 3, b'a', b'n', b'n'],
        &[8, 3, b'a', b'n', b'n', 1, b'e', 1],
        &[0xac, 2, 7, 1, 1, 0xac, 2, 7, 3, 3, 0],
    ];
    let records = [Record::Season(season), Record::Erased(erased)];
    assert_eq!(encoded(&records), golden.concat());
    assert_eq!(decoded(&golden.concat()), Ok(records.into()));
}
