use super::*;

const BATCH_MAX: usize = 100;

fn word(text: &str) -> ErrorWord {
    match parse(text, BATCH_MAX) {
        Ok(request) => panic!("accepted {text:.80}: {request:?}"),
        Err(fault) => fault.word,
    }
}

fn fix(field: &str) -> String {
    let mut fields = serde_json::json!({
        "type": "fix", "device": "d", "seq": 1, "latitude": 1.5, "longitude": 2.5,
    });
    let extra: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&format!("{{{field}}}")).expect("test JSON");
    fields.as_object_mut().expect("object").extend(extra);
    fields.to_string()
}

#[test]
fn a_fix_is_read_with_all_it_tells() {
    let text = fix(
        r#""accuracy_m":5,"altitude_m":-3.5,"speed_mps":1.25,"heading_deg":360,"battery_percent":null,"time_ms":1700000000000"#,
    );
    let Ok(Request::Fixes { device, fixes }) = parse(&text, BATCH_MAX) else { panic!("refused") };
    assert_eq!((device.as_str(), fixes.len(), fixes[0].seq), ("d", 1, 1));
    assert_eq!(fixes[0].time, Some(Timestamp(1_700_000_000_000)));
    let told = fixes[0].fix;
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
        "{\"type\":\"ping\",\"id\":1e400}",
    ] {
        assert_eq!(word(text), ErrorWord::InvalidJson, "{text}");
    }
    assert_eq!(word(&format!("{{\"x\":{}", "[".repeat(10_000))), ErrorWord::InvalidJson);
    let deep =
        format!("{{\"type\":\"ping\",\"id\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(word(&deep), ErrorWord::InvalidMessage);
}

#[test]
fn missing_unknown_repeated_and_mistyped_fields_are_invalid_messages() {
    for text in [
        "{}",
        r#"{"type":null}"#,
        r#"{"type":"ping"}"#,
        r#"{"type":"ping","id":1,"extra":2}"#,
        r#"{"type":"ping","id":1,"id":2}"#,
        r#"{"type":"ping","id":"1"}"#,
        r#"{"type":"ping","id":-1}"#,
        r#"{"type":"ping","id":1.5}"#,
        r#"{"type":"ping","id":18446744073709551616}"#,
        r#"{"type":"ping","id":9007199254740993}"#,
        r#"{"type":"keep","device":""}"#,
        r#"{"type":"keep","device":"a b"}"#,
        r#"{"type":"keep","device":"a\u0000"}"#,
        r#"{"type":"fixes","device":"d","fixes":[]}"#,
        r#"{"type":"fixes","device":"d","fixes":[[1,2.0,3.0]]}"#,
        &fix(r#""latitude":"1.5""#),
        &fix(r#""latitude":null"#),
        &fix(r#""accuracy_m":"5""#),
        &fix(r#""time_ms":9223372036854775808"#),
        &fix(r#""seq":-1"#),
    ] {
        assert_eq!(word(text), ErrorWord::InvalidMessage, "{text}");
    }
    assert_eq!(word(r#"{"type":"keep","device":"\ud800"}"#), ErrorWord::InvalidJson);
    assert_eq!(word(r#"{"type":"ping","type":"ping","id":1}"#), ErrorWord::InvalidMessage);
}

#[test]
fn unknown_types_are_told_the_known_ones() {
    let Err(fault) = parse(r#"{"type":"teleport"}"#, BATCH_MAX) else { panic!("accepted") };
    assert_eq!(fault.word, ErrorWord::UnknownType);
    assert!(REQUEST_TYPES.iter().all(|known| fault.detail.contains(known)));
}

#[test]
fn values_out_of_range_are_invalid_fixes_that_name_the_field() {
    for (field, named) in [
        (r#""latitude":90.0001"#, "latitude"),
        (r#""latitude":-90.1"#, "latitude"),
        (r#""longitude":180.1"#, "longitude"),
        (r#""accuracy_m":-1"#, "accuracy_m"),
        (r#""accuracy_m":1e9"#, "accuracy_m"),
        (r#""speed_mps":-1"#, "speed_mps"),
        (r#""speed_mps":361"#, "speed_mps"),
        (r#""heading_deg":-1"#, "heading_deg"),
        (r#""heading_deg":361"#, "heading_deg"),
        (r#""seq":9007199254740993"#, "seq"),
        (r#""time_ms":0"#, "time_ms"),
        (r#""time_ms":-1"#, "time_ms"),
        (r#""time_ms":1700000000"#, "seconds"),
        (r#""time_ms":1700000000000000"#, "microseconds"),
    ] {
        let Err(fault) = parse(&fix(field), BATCH_MAX) else { panic!("accepted {field}") };
        assert_eq!(fault.word, ErrorWord::InvalidFix, "{field}");
        assert!(fault.detail.contains(named), "{}", fault.detail);
    }
}

#[test]
fn a_batch_is_taken_whole_or_refused_whole() {
    let batch = |items: &[&str]| {
        format!(r#"{{"type":"fixes","device":"d","fixes":[{}]}}"#, items.join(","))
    };
    let good = r#"{"seq":1,"latitude":1,"longitude":2}"#;
    assert!(parse(&batch(&[good; 100]), BATCH_MAX).is_ok());
    assert_eq!(word(&batch(&[good; 101])), ErrorWord::TooManyFixes);
    let bad = r#"{"seq":2,"latitude":91,"longitude":2}"#;
    let Err(fault) = parse(&batch(&[good, bad]), BATCH_MAX) else { panic!("accepted") };
    assert!(fault.detail.contains("fixes[1]"), "{}", fault.detail);
}

#[test]
fn a_token_is_not_printed() {
    let request = parse(r#"{"type":"auth","token":"secret"}"#, BATCH_MAX).expect("valid");
    assert!(!format!("{request:?}").contains("secret"));
}
