//! What becomes of a fix.

use super::*;
use crate::session::messages::ErrorWord;

#[test]
fn too_many_fixes_are_refused_with_the_time_to_wait_and_change_nothing() {
    let config = Config { fixes_per_s: 1, fixes_burst: 100, ..Config::default() };
    let mut alone = Alone::live(&config);
    let fix = |seq: u32| {
        format!(r#"{{"type":"fix","device":"d","seq":{seq},"latitude":1,"longitude":2}}"#)
    };
    for seq in 0..100 {
        assert!(error(&alone.say(&fix(seq))).is_none(), "{seq}");
        alone.session.announcing = None;
    }
    let effects = alone.say(&fix(100));
    assert_eq!(error(&effects), Some("rate_limited"));
    let told = effects.iter().any(|effect| {
        matches!(effect, Effect::Send(message) if text(message).contains(r#""seq":100,"retry_after_ms":1000"#))
    });
    assert!(told, "{effects:?}");
    alone.pass_ms(1_000);
    let effects = alone.say(&fix(100));
    assert!(matches!(effects[..], [Effect::Call(Call::Announce(..))]), "{effects:?}");
}

#[test]
fn of_a_batch_only_the_newest_believable_fix_is_shown() {
    let mut alone = Alone::live(&Config::default());
    let now_ms = alone.now.wall.0;
    let fix = |seq: u32, time_ms: i64, latitude: u32| {
        format!(r#"{{"seq":{seq},"latitude":{latitude},"longitude":2,"time_ms":{time_ms}}}"#)
    };
    let fixes = [
        fix(1, now_ms - 86_400_000, 1),
        fix(2, now_ms - 1_000, 2),
        fix(3, now_ms - 5_000, 3),
        fix(4, now_ms + 86_400_000, 4),
    ];
    let batch = format!(r#"{{"type":"fixes","device":"d","fixes":[{}]}}"#, fixes.join(","));
    let effects = alone.say(&batch);
    let [Effect::Call(Call::Announce(_, sighting, 4))] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(
        (sighting.record.version.seq, sighting.record.version.effective.0),
        (2, now_ms - 1_000)
    );
    let effects = alone.step(Input::Announced(Ok(Written::Newest)));
    let acked = effects.iter().any(|effect| {
        matches!(effect, Effect::Send(message) if text(message).contains(r#""seq":4,"kept":"memory","shown":true"#))
    });
    assert!(acked, "{effects:?}");
}

#[test]
fn a_fix_that_is_over_when_its_turn_comes_is_not_shown() {
    let time_ms = START.wall.0 - Config::default().ttl_ms as i64 + 10;
    let fix = format!(
        r#"{{"type":"fix","device":"d","seq":1,"latitude":1,"longitude":2,"time_ms":{time_ms}}}"#
    );
    for (waits_ms, said) in [
        (9, r#""seq":1,"kept":"memory","shown":true"#),
        (10, r#""seq":1,"kept":"none","shown":false,"reason":"too_old""#),
    ] {
        let mut alone = Alone::live(&Config::default());
        let effects = alone.say(&fix);
        assert!(matches!(effects[..], [Effect::Call(Call::Announce(..))]), "{effects:?}");
        alone.pass_ms(waits_ms);
        let effects = alone.step(Input::Announced(Ok(Written::Newest)));
        let acked = effects
            .iter()
            .any(|effect| matches!(effect, Effect::Send(message) if text(message).contains(said)));
        assert!(acked, "{effects:?}");
    }
}

#[test]
fn fixes_beyond_the_limit_are_no_erroneous_messages() {
    let config = Config { fixes_burst: 100, errors_max: 2, ..Config::default() };
    let mut alone = Alone::live(&config);
    let fixes: Vec<String> =
        (1..=100).map(|seq| format!(r#"{{"seq":{seq},"latitude":1,"longitude":2}}"#)).collect();
    let batch = format!(r#"{{"type":"fixes","device":"phone","fixes":[{}]}}"#, fixes.join(","));
    alone.say(&batch);
    for _ in 0..4 {
        let effects = alone.say(&batch);
        assert_eq!((error(&effects), closed(&effects)), (Some("rate_limited"), None));
    }
}

#[test]
fn an_hour_of_single_fixes_is_told_when_to_come_again_and_not_closed() {
    let mut alone = Alone::live(&Config::default());
    let fix = |seq: u32| {
        format!(r#"{{"type":"fix","device":"d","seq":{seq},"latitude":1,"longitude":2}}"#)
    };
    let mut waits = Vec::new();
    for seq in 0..3_600 {
        let effects = alone.say(&fix(seq));
        assert_eq!(closed(&effects), None, "{seq}");
        alone.session.announcing = None;
        for effect in effects {
            if let Effect::Send(Reply::Error(rejection)) = effect {
                assert_eq!(rejection.word, ErrorWord::RateLimited);
                assert_eq!(rejection.seq, Some(u64::from(seq)));
                waits.push(rejection.retry_after_ms.expect("a time"));
            }
        }
    }
    let burst = Config::default().messages_burst as usize;
    assert_eq!(waits.len(), 3_600 - burst);
    assert!(waits.is_sorted());
    // 3,400 messages at 50 a second.
    assert_eq!(waits.last(), Some(&68_000));
    // Who only ever sends too much is closed at last.
    let ends = (3_600..30_000).find_map(|seq| closed(&alone.say(&fix(seq))));
    assert_eq!(ends, Some(CloseCode::RateLimited));
}

#[test]
fn what_a_phone_can_not_know_of_is_no_erroneous_message() {
    let config = Config { errors_max: 2, ..Config::default() };
    let mut alone = Alone::live(&config);
    for _ in 0..10 {
        let effects =
            alone.say(r#"{"type":"fix","device":"d","seq":1,"latitude":null,"longitude":2}"#);
        assert_eq!((error(&effects), closed(&effects)), (Some("invalid_fix"), None));
        let effects = alone.say(r#"{"type":"share_trip"}"#);
        assert_eq!((error(&effects), closed(&effects)), (Some("unknown_type"), None));
    }
}

#[test]
fn a_phone_without_a_position_is_acknowledged_and_its_seq_counts() {
    let mut alone = Alone::live(&Config::default());
    let nowhere =
        r#"{"type":"fix","device":"d","seq":4,"latitude":1,"longitude":2,"accuracy_m":-1}"#;
    for reason in ["no_position", "repeated"] {
        let effects = alone.say(nowhere);
        let [Effect::Send(ack)] = &effects[..] else { panic!("{effects:?}") };
        let said = format!(r#""seq":4,"kept":"none","shown":false,"reason":"{reason}"}}"#);
        assert!(text(ack).ends_with(&said), "{}", text(ack));
    }
}
