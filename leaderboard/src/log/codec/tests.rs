mod frozen;

use std::sync::Arc;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use model::Canonical;

use super::numbers::PLAIN_REFUSALS;
use super::*;
use crate::core::board::{Board, Operator, Ranking, Readers, Rules, ScoreRange, StandingsId, Wins};
use crate::core::entry::Entry;
use crate::core::mutation::{Applied, Effect};
use crate::core::record::{Sealed, SeasonRecord};
use crate::core::refusal::Refusal;
use crate::core::season::{Calendar, Ended, Reward, Rewarded, Schedule, Season, SeasonRules};

fn boards() -> impl Strategy<Value = Board> {
    let words =
        (select(Wins::ALL), select(Operator::ALL), select(Ranking::ALL), select(Readers::ALL));
    let words = (words, option::of(season_rules()));
    let words = words.prop_map(|((wins, operator, ranking, readers), season)| Rules {
        wins,
        operator,
        ranking,
        readers,
        range: ScoreRange::default(),
        season: season.map(Arc::new),
    });
    let seasons = (seasons(), vec(seasons(), 0..3));
    ("[a-b]{1,2}", any::<u64>(), words, any::<(i64, i64, i64)>(), seasons).prop_map(
        |(id, number, rules, (min, max, created), (season, past))| Board {
            id: BoardId::parse(&id).expect("a board id"),
            number: BoardNumber(number),
            rules: Rules { range: ScoreRange { min, max }, ..rules },
            created: Timestamp(created),
            season,
            past: past.into(),
        },
    )
}

fn rewards() -> impl Strategy<Value = Arc<[Reward]>> {
    let ranks = any::<(u64, u64)>().prop_map(|(from, to)| Rewarded::Ranks { from, to });
    let top = any::<u16>().prop_map(|percent_hundredths| Rewarded::Top { percent_hundredths });
    let reward = (prop_oneof![ranks, top], "[a-z]{0,3}");
    let reward = reward.prop_map(|(to, data)| Reward { to, data: data.into() });
    vec(reward, 0..2).prop_map(Arc::from)
}

fn season_rules() -> impl Strategy<Value = SeasonRules> {
    let calendar = |zone| Calendar::parse("0 0 * * mon", zone).expect("a calendar");
    let schedule = prop_oneof![
        any::<i64>().prop_map(|at| Schedule::Ends(Timestamp(at))),
        select(&["UTC", "Europe/Berlin"][..])
            .prop_map(move |zone| Schedule::Repeats(calendar(zone))),
    ];
    (schedule, any::<(i64, usize)>(), rewards()).prop_map(
        |(schedule, (grace_ms, archives), rewards)| SeasonRules {
            schedule,
            grace_ms,
            archives,
            rewards,
        },
    )
}

fn seasons() -> impl Strategy<Value = Season> {
    let ended = (any::<(i64, bool)>(), select(Ranking::ALL), rewards());
    let ended = ended.prop_map(|((closes, is_sealed), ranking, rewards)| Ended {
        closes: Timestamp(closes),
        is_sealed,
        ranking,
        rewards,
    });
    (any::<(u32, i64)>(), option::of(any::<i64>()), option::of(ended)).prop_map(
        |((number, starts), ends, ended)| Season {
            number,
            starts: Timestamp(starts),
            ends: ends.map(Timestamp),
            ended,
        },
    )
}

fn users() -> impl Strategy<Value = UserId> {
    "[a-z|:]{1,9}".prop_filter_map("reserved", |id| UserId::parse(&id).ok())
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
    let closed = any::<i64>().prop_map(|closed_ms| Refusal::SeasonClosed { closed_ms });
    prop_oneof![select(PLAIN_REFUSALS), range, closed]
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
        season_records().prop_map(Record::Season),
        erased_records().prop_map(Record::Erased),
    ]
}

fn season_records() -> impl Strategy<Value = SeasonRecord> {
    let sealed = (entries(), vec(users(), 0..3))
        .prop_map(|((standings, _), left_out)| Sealed { standings, left_out });
    (boards(), any::<u64>(), option::of(sealed)).prop_map(|(board, position, sealed)| {
        SeasonRecord { board, position: BoardPosition(position), sealed }
    })
}

fn erased_records() -> impl Strategy<Value = ErasedRecord> {
    let entry = (entries(), any::<bool>());
    let entry = entry.prop_map(|((standings, entry), is_shown)| (standings, entry, is_shown));
    let from = (any::<(u64, u64, bool)>(), vec(entry, 0..3));
    let from = from.prop_map(|((board, position, is_banned), entries)| ErasedFrom {
        board: BoardNumber(board),
        position: BoardPosition(position),
        is_banned,
        entries,
    });
    (users(), users(), vec(from, 0..3)).prop_map(|(user, pseudonym, boards)| ErasedRecord {
        user,
        pseudonym,
        boards,
    })
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
