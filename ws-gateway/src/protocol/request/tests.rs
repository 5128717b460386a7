mod batches;
mod matrix;

use model::{Fix, Timestamp};

use super::*;
use crate::session::messages::{LeftOut, SentFix};

const BATCH_MAX: usize = 100;

fn word(text: &str) -> ErrorWord {
    match parse(text, BATCH_MAX) {
        Ok(request) => panic!("accepted {text:.80}: {request:?}"),
        Err(fault) => fault.word,
    }
}

/// A right fix, with these members added or in the place of its own.
fn fix(members: &str) -> String {
    let own = [
        ("type", "\"fix\""),
        ("device", "\"d\""),
        ("seq", "1"),
        ("latitude", "1.5"),
        ("longitude", "2.5"),
    ];
    let kept = own.iter().filter(|(name, _)| !members.contains(&format!("\"{name}\":")));
    let kept: Vec<_> = kept.map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{},{members}}}", kept.join(","))
}

#[test]
fn a_fix_is_read_with_all_it_tells() {
    let text = fix(
        r#""accuracy_m":5,"altitude_m":-3.5,"speed_mps":1.25,"heading_deg":360,"battery_percent":null,"time_ms":1700000000000"#,
    );
    let Ok(Request::Fixes { device, fixes, .. }) = parse(&text, BATCH_MAX) else {
        panic!("refused")
    };
    assert_eq!((device.as_str(), fixes.len(), fixes[0].seq), ("d", 1, 1));
    assert_eq!(fixes[0].time, Some(Timestamp(1_700_000_000_000)));
    let told = fixes[0].fix.expect("a position");
    assert_eq!(
        (told.accuracy_m, told.heading_deg, told.battery_percent),
        (Some(5.0), Some(360.0), None)
    );
}

#[test]
fn odd_places_and_numbers_are_right() {
    for field in [
        r#""longitude":-180"#,
        r#""longitude":180.0"#,
        r#""latitude":-0.0"#,
        r#""latitude":1e-320"#,
        r#""latitude":90,"longitude":179.9999"#,
        r#""latitude":0,"longitude":0"#,
        r#""seq":0"#,
        r#""seq":9007199254740992"#,
    ] {
        assert!(parse(&fix(field), BATCH_MAX).is_ok(), "{field}");
    }
}

#[test]
fn what_is_no_json_object_is_invalid_json() {
    for text in [
        "",
        " ",
        "null",
        "[]",
        "\"x\"",
        "7",
        "{",
        "{}x",
        "\u{feff}{}",
        "[\"ping\",1]",
        "{\"id\":NaN}",
    ] {
        assert_eq!(word(text), ErrorWord::InvalidJson, "{text}");
    }
    assert_eq!(word(&format!("{{\"x\":{}", "[".repeat(10_000))), ErrorWord::InvalidJson);
    let deep =
        format!("{{\"type\":\"ping\",\"id\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(word(&deep), ErrorWord::InvalidMessage);
}

#[test]
fn missing_repeated_and_mistyped_fields_are_invalid_messages() {
    for text in [
        "{}",
        r#"{"type":null}"#,
        r#"{"type":7}"#,
        r#"{"type":"ping"}"#,
        r#"{"type":"ping","id":1,"id":2}"#,
        r#"{"type":"ping","id":1,"i\u0064":2}"#,
        r#"{"type":"ping","id":"1"}"#,
        r#"{"type":"ping","id":-1}"#,
        r#"{"type":"ping","id":1.5}"#,
        r#"{"type":"ping","id":1e400}"#,
        r#"{"type":"ping","id":18446744073709551616}"#,
        r#"{"type":"ping","id":9007199254740993}"#,
        r#"{"type":"ping","id":9007199254740993.0}"#,
        r#"{"type":"keep","device":""}"#,
        r#"{"type":"keep","device":"a b"}"#,
        r#"{"type":"keep","device":"a\u0000"}"#,
        r#"{"type":"fixes","device":"d","fixes":{}}"#,
        &fix(r#""device":7"#),
    ] {
        assert_eq!(word(text), ErrorWord::InvalidMessage, "{text}");
    }
    assert_eq!(word(r#"{"type":"keep","device":"\ud800"}"#), ErrorWord::InvalidJson);
    assert_eq!(word(r#"{"type":"ping","type":"ping","id":1}"#), ErrorWord::InvalidMessage);
}

#[test]
fn fields_that_are_not_known_are_passed_over() {
    for text in [
        r#"{"type":"ping","id":1,"extra":{"id":2}}"#,
        r#"{"type":"keep","device":"d","provider":"fused"}"#,
        r#"{"type":"ping","id":1,"version":2,"version":3}"#,
        r#"{"type":"watch_board","board":"b","seq":"x"}"#,
        &fix(r#""is_moving":true,"extras":[1,{"nested":9}]"#),
    ] {
        assert!(parse(text, BATCH_MAX).is_ok(), "{text}");
    }
}

#[test]
fn half_of_a_surrogate_pair_where_nobody_reads_it_costs_nothing() {
    for members in [r#""\ud83d":1"#, r#""note":"\ud83d""#, r#""a\udc00b":{"\ud83d":["\ud83d"]}"#] {
        let (sent, _) = taken(&fix(members));
        assert!(sent.fix.is_some(), "{members}");
    }
    // A known name may be escaped.
    let (sent, _) = taken(&fix(r#""speed\u005fmps":3"#));
    assert_eq!(sent.fix.and_then(|fix| fix.speed_mps), Some(3.0));
}

#[test]
fn whole_numbers_are_whole_however_they_are_written() {
    for id in ["8", "8.0", "8e0", "80e-1", "0.8e1"] {
        let text = format!(r#"{{"type":"ping","id":{id}}}"#);
        assert_eq!(parse(&text, BATCH_MAX), Ok(Request::Ping { id: 8 }), "{id}");
        let (sent, _) = taken(&format!(
            r#"{{"type":"fix","device":"d","seq":{id},"latitude":1,"longitude":2,"time_ms":1700000000000.906}}"#
        ));
        assert_eq!((sent.seq, sent.time), (8, Some(Timestamp(1_700_000_000_000))), "{id}");
    }
}

#[test]
fn unknown_types_are_told_the_known_ones() {
    let Err(fault) = parse(r#"{"type":"teleport"}"#, BATCH_MAX) else { panic!("accepted") };
    assert_eq!(fault.word, ErrorWord::UnknownType);
    assert!(REQUEST_TYPES.iter().all(|known| fault.detail.contains(known)));
}

/// The fix of a message that has one, and how many values of it were left out.
fn taken(text: &str) -> (SentFix, LeftOut) {
    match parse(text, BATCH_MAX) {
        Ok(Request::Fixes { fixes, refused, left_out, .. }) if refused.is_empty() => {
            (fixes[0].clone(), left_out)
        }
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn what_a_fix_need_not_tell_and_can_not_be_is_left_out_and_counted() {
    for (field, left_out) in [
        (r#""speed_mps":-1,"heading_deg":-1,"altitude_m":1e300"#, 3),
        (r#""battery_percent":-100,"speed_mps":361"#, 2),
        (r#""heading_deg":"north","altitude_m":[3],"battery_percent":{}"#, 3),
        (r#""accuracy_m":"5","speed_mps":1e400"#, 2),
        (r#""accuracy_m":null,"speed_mps":null"#, 0),
    ] {
        let (sent, counts) = taken(&fix(field));
        let position = sent.fix.expect("it counts").position;
        assert_eq!(sent.fix, Some(Fix::at(position)), "{field}");
        assert_eq!(counts.counts().map(|(_, n)| n).sum::<u16>(), left_out, "{field}");
    }
}

#[test]
fn an_accuracy_is_clamped_and_a_negative_one_means_that_there_is_no_position() {
    let accuracy = |told: &str| {
        let (sent, counts) = taken(&fix(&format!(r#""accuracy_m":{told}"#)));
        (sent.fix.map(|fix| fix.accuracy_m), counts.counts().count())
    };
    assert_eq!(accuracy("1000000000"), (Some(Some(100_000.0)), 1));
    assert_eq!(accuracy("1e400"), (Some(Some(100_000.0)), 1));
    assert_eq!(accuracy("100000"), (Some(Some(100_000.0)), 0));
    assert_eq!(accuracy("-0.0"), (Some(Some(0.0)), 0));
    assert_eq!(accuracy("-1").0, None);
    let nowhere = fix(r#""accuracy_m":-1,"latitude":null,"longitude":-1000"#);
    assert_eq!(taken(&nowhere).0.fix, None, "whatever stands there then");
}

#[test]
fn what_a_fix_must_tell_is_named_with_its_device_and_seq() {
    for (field, named) in [
        (r#""latitude":90.0001"#, "latitude"),
        (r#""latitude":-90.1"#, "latitude"),
        (r#""latitude":"1.5""#, "latitude must be a number, and is a text"),
        (r#""latitude":null"#, "latitude is missing"),
        (r#""latitude":1e400"#, "latitude"),
        (r#""longitude":180.1"#, "longitude"),
        (r#""longitude":[1]"#, "longitude must be a number, and is a list"),
        (r#""time_ms":0"#, "time_ms"),
        (r#""time_ms":-1"#, "time_ms"),
        (r#""time_ms":9223372036854775808"#, "2000 and 9999"),
        (r#""time_ms":"1700000000000""#, "is a text"),
        (r#""time_ms":1700000000"#, "seconds"),
        (r#""time_ms":1700000000.25"#, "seconds"),
        (r#""time_ms":1700000000000000"#, "microseconds"),
    ] {
        let Err(fault) = parse(&fix(field), BATCH_MAX) else { panic!("accepted {field}") };
        assert_eq!(fault.word, ErrorWord::InvalidFix, "{field}");
        assert!(fault.detail.contains(named), "{}", fault.detail);
        let device = fault.device.as_ref().map(DeviceId::as_str);
        assert_eq!((device, fault.seq), (Some("d"), Some(1)), "{field}");
    }
    for seq in ["-1", "1.5", "9007199254740993", "1e300", "\"1\"", "null", "[1]"] {
        let Err(fault) = parse(&fix(&format!(r#""seq":{seq}"#)), BATCH_MAX) else {
            panic!("accepted {seq}")
        };
        assert_eq!((fault.word, fault.seq), (ErrorWord::InvalidFix, None), "{seq}");
        assert!(fault.detail.contains("seq"), "{}", fault.detail);
    }
}

#[test]
fn a_repeated_field_names_the_fix_in_which_it_stands() {
    for (members, seq) in [
        (r#""speed_mps":1,"speed_mps":2"#, Some(1)),
        (r#""latitude":1,"latitude":1"#, Some(1)),
        (r#""seq":1,"seq":2"#, None),
    ] {
        let Err(fault) = parse(&fix(members), BATCH_MAX) else { panic!("accepted {members}") };
        assert_eq!((fault.word, fault.seq), (ErrorWord::InvalidMessage, seq), "{members}");
        assert_eq!(fault.device.map(|device| device.to_string()).as_deref(), Some("d"));
    }
}

#[test]
fn what_is_no_json_is_told_in_words_of_json() {
    for text in
        ["", "{", "{\"type\":", "{\"type\":\"fi", "{\"type\":nul}", "{'type':1}", "{\"a\":[1"]
    {
        let Err(fault) = parse(text, BATCH_MAX) else { panic!("accepted {text}") };
        assert_eq!(fault.word, ErrorWord::InvalidJson, "{text}");
        assert!(!fault.detail.contains("EOF"), "{}", fault.detail);
        assert!(!fault.detail.contains("ident"), "{}", fault.detail);
    }
    let Err(fault) = parse("{\"type\":\"a\\u0007\\n\"}", BATCH_MAX) else { panic!("accepted") };
    assert!(fault.detail.ends_with("and is \"a\\u0007\\n\""), "{}", fault.detail);
}

#[test]
fn a_token_is_not_printed() {
    let request = parse(r#"{"type":"auth","token":"secret"}"#, BATCH_MAX).expect("valid");
    assert!(!format!("{request:?}").contains("secret"));
}
