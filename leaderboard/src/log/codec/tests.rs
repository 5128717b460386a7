use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use model::Canonical;

use super::numbers::PLAIN_REFUSALS;
use super::*;
use crate::core::board::{Operator, Ranking, Readers, StandingsId, Wins};
use crate::core::entry::Entry;
use crate::core::mutation::{Applied, Effect};
use crate::core::refusal::Refusal;

fn boards() -> impl Strategy<Value = Board> {
    let words =
        (select(Wins::ALL), select(Operator::ALL), select(Ranking::ALL), select(Readers::ALL));
    let words = words.prop_map(|(wins, operator, ranking, readers)| Rules {
        wins,
        operator,
        ranking,
        readers,
        range: ScoreRange::default(),
    });
    ("[a-b]{1,2}", any::<u64>(), words, any::<(i64, i64, i64)>()).prop_map(
        |(id, number, rules, (min, max, created))| Board {
            id: BoardId::parse(&id).expect("a board id"),
            number: BoardNumber(number),
            rules: Rules { range: ScoreRange { min, max }, ..rules },
            created: Timestamp(created),
        },
    )
}

fn users() -> impl Strategy<Value = UserId> {
    "[a-z|:]{1,9}".prop_map(|id| UserId::parse(&id).expect("a user id"))
}

fn entries() -> impl Strategy<Value = (StandingsId, Entry)> {
    any::<(u64, u32, i64, u64)>().prop_map(|(board, season, score, reached)| {
        let standings = StandingsId { board: BoardNumber(board), season };
        (standings, Entry { score, reached: BoardPosition(reached) })
    })
}

fn changes() -> impl Strategy<Value = (ScoreChange, Applied)> {
    let amount =
        prop_oneof![any::<i64>().prop_map(Amount::Delta), any::<i64>().prop_map(Amount::Score)];
    ("[a-b]{1,2}", users(), amount, entries(), any::<u64>(), select(Effect::ALL)).prop_map(
        |(board, user, amount, (standings, entry), position, effect)| {
            let board = BoardId::parse(&board).expect("a board id");
            let position = BoardPosition(position);
            let applied = Applied { standings, position, user: user.clone(), entry, effect };
            (ScoreChange { board, user, amount }, applied)
        },
    )
}

fn refusals() -> impl Strategy<Value = Refusal> {
    let range = any::<(i64, i64)>().prop_map(|(min, max)| Refusal::OutOfRange { min, max });
    prop_oneof![select(PLAIN_REFUSALS), range]
}

fn events() -> impl Strategy<Value = EventRecord> {
    let times = (any::<i64>(), option::of(any::<i64>()));
    let refusal = option::of(refusals());
    ("[x-z]", "[ -~]{1,20}", times, vec(changes(), 0..5), any::<u8>(), refusal).prop_map(
        |(producer, key, (at, happened), changes, version, refusal)| {
            let (changes, applied): (_, Vec<_>) = changes.into_iter().unzip();
            let event = ScoreEvent {
                producer: UserId::parse(&producer).expect("a user id"),
                key: EventKey::parse(&key).expect("a key"),
                happened: happened.map(Timestamp),
                changes,
            };
            let digest = Canonical::new(&key).digest(version);
            EventRecord {
                event,
                at: Timestamp(at),
                digest,
                result: refusal.map_or(Ok(applied), Err),
            }
        },
    )
}

fn records() -> impl Strategy<Value = Record> {
    let ban = (any::<(u64, u64, bool)>(), users(), vec(entries(), 0..3));
    let ban = ban.prop_map(|((board, position, is_banned), user, entries)| BanRecord {
        board: BoardNumber(board),
        position: BoardPosition(position),
        user,
        is_banned,
        entries,
    });
    prop_oneof![
        boards().prop_map(Record::Board),
        boards().prop_map(Record::Deleted),
        events().prop_map(Record::Event),
        ban.prop_map(Record::Ban),
    ]
}

fn encoded(records: &[Record]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes);
    for record in records {
        encoder.record(record);
    }
    bytes
}

fn decoded(bytes: &[u8]) -> Result<Vec<Record>, Malformed> {
    let mut decoder = Decoder::new(Bytes(bytes));
    let mut records = Vec::new();
    while let Some(record) = decoder.record()? {
        records.push(record);
    }
    Ok(records)
}

proptest! {
    #[test]
    fn records_come_back_as_they_were(records in vec(records(), 0..12)) {
        prop_assert_eq!(decoded(&encoded(&records)), Ok(records));
    }

    #[test]
    fn whatever_bytes_there_are_they_are_read_or_refused(bytes in vec(any::<u8>(), 0..200)) {
        let _ = decoded(&bytes);
    }

    #[test]
    fn damaged_records_are_read_or_refused(
        records in vec(records(), 1..6),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = encoded(&records);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = decoded(&bytes);
        let _ = decoded(&bytes[..at]);
    }

    #[test]
    fn numbers_come_back_as_they_were(number in any::<u64>(), signed in any::<i64>()) {
        let mut bytes = Vec::new();
        put_u64(&mut bytes, number);
        put_i64(&mut bytes, signed);
        let mut read = Bytes(&bytes);
        prop_assert_eq!((read.u64(), read.i64(), read.is_empty()), (Ok(number), Ok(signed), true));
    }
}

#[test]
fn the_ends_of_numbers_come_back_and_nothing_beyond_them() {
    for number in [i64::MIN, -1, 0, 1, i64::MAX] {
        let mut bytes = Vec::new();
        put_i64(&mut bytes, number);
        assert_eq!(Bytes(&bytes).i64(), Ok(number));
    }
    let mut beyond = [0xff; 10];
    beyond[9] = 0x01;
    assert_eq!(Bytes(&beyond).u64(), Ok(u64::MAX));
    beyond[9] = 0x02;
    assert_eq!(Bytes(&beyond).u64(), Err(Malformed));
}

#[test]
fn a_damaged_count_asks_for_no_more_memory_than_its_bytes_hold() {
    let room: Vec<u64> = Bytes(&[0; 100]).room(u64::MAX, 5);
    assert!(room.capacity() <= 20, "{}", room.capacity());
}

/// What is on disks is read by every later program: if this fails, the format has changed, and wants another version.
#[test]
fn the_form_of_records_is_frozen() {
    let user = UserId::parse("ann").expect("a user id");
    let board = Board {
        id: BoardId::parse("b").expect("a board id"),
        number: BoardNumber(300),
        rules: Rules {
            wins: Wins::Low,
            operator: Operator::Best,
            ranking: Ranking::Dense,
            readers: Readers::Services,
            range: ScoreRange { min: -1, max: 64 },
        },
        created: Timestamp(5),
    };
    let standings = StandingsId { board: board.number, season: 7 };
    let entry = Entry { score: -2, reached: BoardPosition(3) };
    let event = ScoreEvent {
        producer: UserId::parse("p").expect("a user id"),
        key: EventKey::parse("k").expect("a key"),
        happened: Some(Timestamp(9)),
        changes: vec![ScoreChange {
            board: board.id.clone(),
            user: user.clone(),
            amount: Amount::Score(-2),
        }],
    };
    let applied = Applied {
        standings,
        position: BoardPosition(4),
        user: user.clone(),
        entry,
        effect: Effect::Changed,
    };
    let digest = CanonicalDigest::from_bytes([6; CanonicalDigest::BYTES]);
    let at = Timestamp(10);
    let refused = Err(Refusal::OutOfRange { min: -1, max: 1 });
    let records = [
        Record::Board(board.clone()),
        Record::Event(EventRecord { event: event.clone(), at, digest, result: Ok(vec![applied]) }),
        Record::Event(EventRecord { event, at, digest, result: refused }),
        Record::Ban(BanRecord {
            board: board.number,
            position: BoardPosition(5),
            user,
            is_banned: true,
            entries: vec![(standings, entry)],
        }),
        Record::Deleted(board),
    ];
    let digest = [6; 33];
    let rules: &[u8] = &[0xac, 2, 2, 2, 2, 2, 1, 0x80, 1, 10];
    let done: &[u8] = &[1, 0, 3, b'a', b'n', b'n', 2, 3, 0xac, 2, 7, 4, 3, 3, 2];
    let golden: [&[u8]; 11] = [
        &[1, 1, b'b'],
        rules,
        &[3, 1, b'p', 1, b'k', 20, 1, 2],
        &digest,
        &[0],
        done,
        &[3, 0, 1, b'k', 20, 1, 2],
        &digest,
        &[3, 1, 2, 1, 0, 3, b'a', b'n', b'n', 2, 3],
        &[4, 0xac, 2, 5, 3, b'a', b'n', b'n', 1, 1, 0xac, 2, 7, 3, 3],
        &[2, 0],
    ];
    assert_eq!(encoded(&records), [&golden.concat(), rules].concat());
}
