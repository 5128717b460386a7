//! What of a phone's fixes goes to movement history, and what its answers make of acknowledgements.

use serde_json::{Value, json};

use super::*;
use crate::session::fixes::history::{
    ACK_WAIT_MS_MAX, ACKS_WAITING_MAX, HISTORY_AGE_MS_MAX, HistoryFix, Kept,
};
use crate::session::fixes::validation::Unshown;
use crate::session::limits::budget::Budget;

/// Alice, where there is a history.
fn keeping() -> Alone {
    let config = Config {
        fixes_burst: 1_000,
        messages_burst: 1_000,
        bytes_burst: 1_000_000,
        ..Config::default()
    };
    let mut alone = Alone::live(&config);
    Arc::make_mut(&mut alone.session.limits).keeps_history = true;
    alone
}

/// Sends fixes of one device, each with its `seq` and how much later than now its time is, milliseconds, if it has one.
fn send(alone: &mut Alone, fixes: &[(u64, Option<i64>)]) -> Vec<Effect> {
    let fix = |&(seq, offset_ms): &(u64, Option<i64>)| {
        let time_ms = offset_ms.map(|ms| alone.now.wall.0 + ms);
        json!({ "seq": seq, "latitude": 1, "longitude": seq % 90, "time_ms": time_ms })
    };
    let fixes: Vec<Value> = fixes.iter().map(fix).collect();
    alone.say(&json!({ "type": "fixes", "device": "d", "fixes": fixes }).to_string())
}

/// Sends one fix, which is shown.
fn shown(alone: &mut Alone, seq: u64) -> Vec<Effect> {
    assert!(matches!(send(alone, &[(seq, None)])[..], [Effect::Call(Call::Announce(..))]));
    alone.step(Input::Announced(Ok(Written::Newest)))
}

fn kept(effects: &[Effect]) -> &[HistoryFix] {
    let fixes = effects.iter().find_map(|effect| match effect {
        Effect::ToHistory(fixes) => Some(&fixes[..]),
        _ => None,
    });
    fixes.unwrap_or_default()
}

/// Of each acknowledgement `seq` and `kept`.
fn acks(effects: &[Effect]) -> Vec<(u64, Kept)> {
    let ack = |effect: &Effect| match effect {
        Effect::Send(Reply::Ack { seq, kept, .. }) => Some((*seq, *kept)),
        _ => None,
    };
    effects.iter().filter_map(ack).collect()
}

#[test]
fn a_fix_goes_to_history_once_it_is_shown_and_is_acknowledged_once_history_has_answered() {
    let mut alone = keeping();
    let effects = send(&mut alone, &[(7, Some(-1_000))]);
    assert!(matches!(effects[..], [Effect::Call(Call::Announce(..))]), "{effects:?}");
    alone.pass_ms(3);
    let effects = alone.step(Input::Announced(Ok(Written::Newest)));
    let [Effect::ToHistory(fixes)] = &effects[..] else { panic!("{effects:?}") };
    let [fix] = &fixes[..] else { panic!("{fixes:?}") };
    assert_eq!((fix.version.effective, fix.version.seq), (START.wall.plus_ms(-1_000), 7));
    assert_eq!((fix.received, fix.unshown), (START.wall, None), "as it was read");
    assert!(alone.session.takes_input(), "the client is read on");
    let effects = alone.step(Input::Kept(Kept::Disk));
    let [Effect::Send(ack)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!(text(ack), r#"{"type":"ack","device":"d","seq":7,"kept":"disk","shown":true}"#);
}

#[test]
fn what_an_acknowledgement_says_is_what_history_has_and_else_what_the_position_store_has() {
    let cases = [
        (Kept::Replicated, Kept::Replicated, Kept::Replicated),
        (Kept::Disk, Kept::Disk, Kept::Disk),
        (Kept::Memory, Kept::Memory, Kept::None),
        (Kept::None, Kept::Memory, Kept::None),
    ];
    for (answer, if_shown, if_older) in cases {
        for (written, said) in [(Written::Newest, if_shown), (Written::Older, if_older)] {
            let mut alone = keeping();
            send(&mut alone, &[(1, None)]);
            let effects = alone.step(Input::Announced(Ok(written)));
            assert_eq!((kept(&effects).len(), acks(&effects).len()), (1, 0));
            assert_eq!(acks(&alone.step(Input::Kept(answer))), [(1, said)], "{answer:?}");
        }
    }
}

#[test]
fn each_fix_of_a_batch_that_is_not_too_old_is_kept_with_its_reason() {
    let mut alone = keeping();
    let ttl_ms = Config::default().ttl_ms as i64;
    let effects = send(
        &mut alone,
        &[
            (1, Some(-HISTORY_AGE_MS_MAX - 1)),
            (2, Some(-HISTORY_AGE_MS_MAX)),
            (3, Some(-ttl_ms)),
            (4, Some(-9_000)),
            (5, Some(-1_000)),
            (6, Some(-2_000)),
            (6, Some(-500)),
            (7, Some(300_001)),
            (8, Some(86_400_000)),
        ],
    );
    assert!(matches!(effects[..], [Effect::Call(Call::Announce(..))]), "{effects:?}");
    let effects = alone.step(Input::Announced(Ok(Written::Newest)));
    let fixes = kept(&effects);
    let fixes: Vec<_> = fixes.iter().map(|fix| (fix.version.seq, fix.unshown)).collect();
    let expected = [
        (2, Some(Unshown::TooOld)),
        (3, Some(Unshown::TooOld)),
        (4, Some(Unshown::Older)),
        (6, Some(Unshown::Older)),
        (5, None),
    ];
    assert_eq!(fixes, expected);
    assert_eq!(kept(&effects)[0].version.effective, START.wall.plus_ms(-HISTORY_AGE_MS_MAX));
    let counted = |effect: &Effect| match effect {
        Effect::BeyondHistory(reason, fixes) => Some((*reason, *fixes)),
        _ => None,
    };
    let counted: Vec<_> = effects.iter().filter_map(counted).collect();
    assert_eq!(counted, [(Unshown::TooOld, 1), (Unshown::Ahead, 2)]);
    assert_eq!(acks(&alone.step(Input::Kept(Kept::Disk))), [(8, Kept::Disk)], "one for all");
}

#[test]
fn what_is_never_shown_is_kept_without_the_position_store() {
    let mut alone = keeping();
    let effects = send(&mut alone, &[(1, Some(-86_400_000)), (2, Some(86_400_000))]);
    assert_eq!(kept(&effects).len(), 1, "{effects:?}");
    assert_eq!(kept(&effects)[0].unshown, Some(Unshown::TooOld), "not what the other one is");
    let effects = alone.step(Input::Kept(Kept::Disk));
    let [Effect::Send(ack)] = &effects[..] else { panic!("{effects:?}") };
    assert!(text(ack).ends_with(r#""kept":"disk","shown":false,"reason":"ahead"}"#), "{ack:?}");
    let effects = send(&mut alone, &[(3, Some(86_400_000))]);
    assert_eq!((kept(&effects).len(), acks(&effects)), (0, vec![(3, Kept::None)]));
}

#[test]
fn what_the_position_store_refuses_is_not_kept_until_it_is_sent_again() {
    let mut alone = keeping();
    let refusals = [Err(Unavailable), Ok(Written::Limited { retry_after_ms: 5 })];
    for refusal in refusals {
        send(&mut alone, &[(1, Some(-86_400_000)), (2, None)]);
        let effects = alone.step(Input::Announced(refusal));
        assert!(error(&effects).is_some() && kept(&effects).is_empty(), "{effects:?}");
    }
    send(&mut alone, &[(1, Some(-86_400_000)), (2, None)]);
    assert_eq!(kept(&alone.step(Input::Announced(Ok(Written::Newest)))).len(), 2);
}

#[test]
fn acknowledgements_come_in_the_order_of_the_fixes_also_those_that_need_no_history() {
    let mut alone = keeping();
    assert!(acks(&shown(&mut alone, 1)).is_empty());
    let repeated = send(&mut alone, &[(1, None)]);
    assert!(repeated.is_empty(), "behind the first: {repeated:?}");
    assert!(acks(&shown(&mut alone, 2)).is_empty());
    assert!(send(&mut alone, &[(2, None)]).is_empty());
    let effects = alone.step(Input::Kept(Kept::Disk));
    assert_eq!(acks(&effects), [(1, Kept::Disk), (1, Kept::None)]);
    let effects = alone.step(Input::Kept(Kept::Disk));
    assert_eq!(acks(&effects), [(2, Kept::Disk), (2, Kept::None)]);
    assert_eq!(acks(&send(&mut alone, &[(2, None)])), [(2, Kept::None)], "nothing waits any more");
}

#[test]
fn with_too_many_that_wait_the_oldest_is_acknowledged_with_what_is_known() {
    let mut alone = keeping();
    let seqs = 1..=ACKS_WAITING_MAX as u64;
    for seq in seqs {
        let effects = shown(&mut alone, seq);
        assert!(matches!(effects[..], [Effect::ToHistory(_)]), "{effects:?}");
    }
    // What needs no history takes a place, too.
    let effects = send(&mut alone, &[(1, None)]);
    assert!(matches!(effects[..], [Effect::HistoryIsLate, Effect::Send(_)]), "{effects:?}");
    assert_eq!(acks(&effects), [(1, Kept::Memory)]);
    let effects = shown(&mut alone, 1_000);
    assert!(
        matches!(effects[..], [Effect::ToHistory(_), Effect::HistoryIsLate, Effect::Send(_)]),
        "{effects:?}"
    );
    assert_eq!(acks(&effects), [(2, Kept::Memory)]);
    assert_eq!(acks(&alone.step(Input::Kept(Kept::Disk))), [(3, Kept::Disk)]);
}

#[test]
fn who_waits_for_long_is_told_what_is_known() {
    let mut alone = keeping();
    shown(&mut alone, 1);
    alone.pass_ms(1);
    send(&mut alone, &[(2, Some(-86_400_000))]);
    assert!(alone.pass_ms(ACK_WAIT_MS_MAX - 2).is_empty());
    let effects = alone.pass_ms(1);
    assert!(matches!(effects[..], [Effect::HistoryIsLate, Effect::Send(_)]), "{effects:?}");
    assert_eq!(acks(&effects), [(1, Kept::Memory)]);
    assert_eq!(acks(&alone.pass_ms(1)), [(2, Kept::None)], "it was never shown");
}

#[test]
fn keep_and_sign_off_are_no_fixes() {
    let mut alone = keeping();
    shown(&mut alone, 1);
    let at = model::Position::new(1.0, 1.0).expect("on Earth");
    let version = model::Version {
        effective: START.wall,
        device: model::DeviceId::parse("d").expect("an id"),
        seq: 1,
    };
    let (user, here) = (caller("alice", 0).user, Presence::Here(model::Fix::at(at)));
    let record = Record::new(user, version, here, START.monotonic);
    alone.step(Input::News(SELF_SLOT, Some(Arc::new(record))));
    for (word, answer) in [("keep", "kept"), ("sign_off", "signed_off")] {
        let effects = alone.say(&json!({ "type": word, "device": "d" }).to_string());
        assert!(matches!(effects[..], [Effect::Call(Call::Announce(..))]), "{effects:?}");
        let effects = alone.step(Input::Announced(Ok(Written::Newest)));
        let [Effect::Send(told)] = &effects[..] else { panic!("{effects:?}") };
        assert!(text(told).contains(answer), "{told:?}");
    }
}

#[test]
fn what_was_refused_for_the_moment_is_kept_when_it_comes_again_after_later_fixes() {
    let mut alone = keeping();
    let config = Config { fixes_per_s: 10, fixes_burst: 3, ..Config::default() };
    alone.session.budget = Budget::new(&(&config).into());
    let batch = |from: u64| (from..from + 3).map(|seq| (seq, Some(seq as i64 - 100))).collect();
    let (first, second, third): (Vec<_>, Vec<_>, Vec<_>) = (batch(1), batch(4), batch(7));
    assert!(matches!(send(&mut alone, &first)[..], [Effect::Call(_)]));
    alone.step(Input::Announced(Ok(Written::Newest)));
    let wait = |effects: &[Effect]| match effects {
        [Effect::Send(Reply::Error(rejection))] => rejection.retry_after_ms,
        _ => None,
    };
    assert_eq!(wait(&send(&mut alone, &second)), Some(300));
    assert_eq!(wait(&send(&mut alone, &third)), Some(600), "after those before it");
    assert_eq!(wait(&send(&mut alone, &third)), Some(600), "not after itself");
    alone.pass_ms(100);
    assert!(matches!(send(&mut alone, &[(10, None)])[..], [Effect::Call(_)]), "a later one");
    alone.step(Input::Announced(Ok(Written::Newest)));
    for (batch, written) in [(third, Written::Newest), (second, Written::Older)] {
        alone.pass_ms(300);
        assert!(matches!(send(&mut alone, &batch)[..], [Effect::Call(_)]), "{batch:?}");
        let effects = alone.step(Input::Announced(Ok(written)));
        let seqs: Vec<u64> = kept(&effects).iter().map(|fix| fix.version.seq).collect();
        assert!(batch.iter().map(|(seq, _)| *seq).eq(seqs), "{effects:?}");
    }
    // What nobody refused is kept once; its second acknowledgement waits for those before it.
    alone.pass_ms(300);
    assert!(send(&mut alone, &first).is_empty());
}

#[test]
fn a_late_fix_whose_time_is_not_known_is_kept_and_never_shown() {
    for refusal in [Err(Unavailable), Ok(Written::Limited { retry_after_ms: 5 })] {
        let mut alone = keeping();
        assert!(matches!(send(&mut alone, &[(1, None)])[..], [Effect::Call(_)]));
        let effects = alone.step(Input::Announced(refusal));
        assert!(error(&effects).is_some(), "{effects:?}");
        shown(&mut alone, 2);
        let effects = send(&mut alone, &[(1, None)]);
        let [fix] = kept(&effects) else { panic!("{effects:?}") };
        assert_eq!((fix.version.seq, fix.unshown), (1, Some(Unshown::Older)));
        assert!(!matches!(effects[..], [.., Effect::Call(_)]), "{effects:?}");
    }
}
