//! What is refused: an error says what is wrong, nothing changes, and the session goes on.

use e2e::Sandbox;
use e2e::raw::{Bystanders, OFFENDER};
use serde_json::json;

use super::messages::{expect_error, fix, fixes, patient_world};

/// All are refused, change nothing, and the session goes on.
async fn expect_errors(cases: Vec<(&str, String, (&str, &str))>) {
    let world = patient_world().await;
    let mut bystanders = Bystanders::on(&world).await;
    let mut person = world.connect(OFFENDER).await;
    for (case, text, expected) in cases {
        expect_error(&mut person, case, &text, expected).await;
        bystanders.carry_on(case).await;
    }
    // Had anything of a refused fix counted, this one would be a repeated one.
    person.send_text(&fix(&[("seq", "0")])).await;
    let ack = person.hear(|m| m["type"] == "ack").await;
    assert_eq!((&ack["seq"], &ack["shown"]), (&json!(0), &json!(true)), "{ack}");
}

#[tokio::test]
async fn what_is_not_one_json_object_is_invalid_json() {
    let invalid = |words| ("invalid_json", words);
    let deep = "[".repeat(10_000);
    let texts = [
        ("empty", "", "EOF"),
        ("spaces", "  ", "EOF"),
        ("null", "null", "null"),
        ("an array", "[]", "sequence"),
        ("a text", r#""x""#, "string"),
        ("a number", "7", "7"),
        ("an array that could be a message", r#"["ping",1]"#, "sequence"),
        ("half an object", r#"{"type":"ping","#, "EOF"),
        ("two objects", r#"{"type":"ping","id":1}{"type":"ping","id":2}"#, "trailing"),
        ("a comment", r#"{"type":"ping",/* one */"id":1}"#, "key"),
        ("a comma at the end", r#"{"type":"ping","id":1,}"#, "trailing comma"),
        ("single quotes", "{'type':'ping','id':1}", "key"),
        ("a byte order mark", "\u{feff}{\"type\":\"ping\",\"id\":1}", "expected value"),
        ("a bare U+0000", "{\"type\":\"keep\",\"device\":\"a\0\"}", "control character"),
        ("U+0000 behind", "{\"type\":\"ping\",\"id\":1}\0", "trailing"),
        ("a high surrogate alone", r#"{"type":"keep","device":"\ud800"}"#, "hex escape"),
        ("a low surrogate alone", r#"{"type":"keep","device":"\udc00"}"#, "hex escape"),
        (
            "surrogates the wrong way round",
            r#"{"type":"keep","device":"\udc00\ud800"}"#,
            "surrogate",
        ),
        ("depth 10^4", deep.as_str(), "sequence"),
        ("NaN", r#"{"type":"ping","id":NaN}"#, "expected value"),
        ("Infinity", r#"{"type":"ping","id":Infinity}"#, "expected value"),
        ("minus Infinity", r#"{"type":"ping","id":-Infinity}"#, "invalid number"),
        ("1e400", r#"{"type":"ping","id":1e400}"#, "out of range"),
        ("a plus", r#"{"type":"ping","id":+1}"#, "expected value"),
        ("a zero in front", r#"{"type":"ping","id":01}"#, "invalid number"),
        ("hexadecimal", r#"{"type":"ping","id":0x1}"#, "expected"),
    ];
    expect_errors(texts.map(|(case, text, words)| (case, text.to_owned(), invalid(words))).into())
        .await;
}

#[tokio::test]
async fn fields_that_are_missing_unknown_repeated_or_mistyped_are_invalid_messages() {
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let deep_field = format!(r#"{{"type":"ping","id":{deep}}}"#);
    let deep_unknown = format!(r#"{{"type":"ping","id":1,"x":{deep}}}"#);
    let deep_type = format!(r#"{{"type":{deep}}}"#);
    let name_65 = format!(r#"{{"type":"keep","device":"{}"}}"#, "x".repeat(65));
    let emoji = format!(r#"{{"type":"keep","device":"{}"}}"#, "😀".repeat(2_560));
    let texts = [
        ("nothing in it", "{}", "`type`"),
        ("type null", r#"{"type":null}"#, "`type`"),
        ("type a number", r#"{"type":7}"#, "expected a string"),
        ("type an object", r#"{"type":{}}"#, "expected a string"),
        ("type twice", r#"{"type":"ping","type":"keep","id":1}"#, "duplicate field `type`"),
        (
            "a version that is unknown",
            r#"{"type":"ping","version":2,"id":1}"#,
            "unknown field `version`",
        ),
        ("ping without id", r#"{"type":"ping"}"#, "missing field `id`"),
        ("ping with an unknown field", r#"{"type":"ping","id":1,"x":2}"#, "unknown field `x`"),
        ("ping twice the id", r#"{"type":"ping","id":1,"id":1}"#, "duplicate field `id`"),
        ("ping with a text", r#"{"type":"ping","id":"1"}"#, "invalid type"),
        ("ping with null", r#"{"type":"ping","id":null}"#, "null"),
        ("ping -1", r#"{"type":"ping","id":-1}"#, "-1"),
        ("ping 1.5", r#"{"type":"ping","id":1.5}"#, "floating point"),
        ("ping 1e3", r#"{"type":"ping","id":1e3}"#, "floating point"),
        ("ping 2^53 + 1", r#"{"type":"ping","id":9007199254740993}"#, "2^53"),
        ("ping 2^64", r#"{"type":"ping","id":18446744073709551616}"#, "floating point"),
        ("keep without device", r#"{"type":"keep"}"#, "missing field `device`"),
        ("keep with an empty device", r#"{"type":"keep","device":""}"#, "device"),
        ("keep with a space", r#"{"type":"keep","device":"a b"}"#, "device"),
        ("keep with U+0000", r#"{"type":"keep","device":"a\u0000"}"#, "device"),
        ("keep with a right-to-left mark", r#"{"type":"keep","device":"\u200fa"}"#, "device"),
        ("keep with wild signs", r#"{"type":"keep","device":"a:{}*"}"#, "device"),
        ("keep with a newline", r#"{"type":"keep","device":"a\n"}"#, "device"),
        ("keep with 65 characters", &name_65, "device"),
        ("keep with 10 KB of emoji", &emoji, "device"),
        (
            "sign_off with another field",
            r#"{"type":"sign_off","device":"a","seq":1}"#,
            "unknown field `seq`",
        ),
        ("renew without token", r#"{"type":"renew"}"#, "missing field `token`"),
        ("auth with a number", r#"{"type":"auth","token":7}"#, "expected a string"),
        ("fixes without fixes", r#"{"type":"fixes","device":"phone"}"#, "missing field `fixes`"),
        ("fixes empty", r#"{"type":"fixes","device":"phone","fixes":[]}"#, "empty"),
        ("fixes no list", r#"{"type":"fixes","device":"phone","fixes":{}}"#, "sequence"),
        ("fixes of arrays", r#"{"type":"fixes","device":"phone","fixes":[[1,2,3]]}"#, "object"),
        ("fixes of null", r#"{"type":"fixes","device":"phone","fixes":[null]}"#, "object"),
        (
            "a type in fixes",
            r#"{"type":"fixes","device":"phone","fixes":[{"type":"fix","seq":1,"latitude":1,"longitude":1}]}"#,
            "fixes[0]",
        ),
        (
            "a device in fixes",
            r#"{"type":"fixes","device":"phone","fixes":[{"device":"x","seq":1,"latitude":1,"longitude":1}]}"#,
            "fixes[0]",
        ),
        ("depth 10^4 in a field", &deep_field, "invalid type"),
        ("depth 10^4 in an unknown field", &deep_unknown, "unknown field `x`"),
        ("depth 10^4 in type", &deep_type, "expected a string"),
    ];
    let mut cases: Vec<_> =
        texts.map(|(case, text, words)| (case, text.to_owned(), ("invalid_message", words))).into();
    for unknown in ["teleport", "FIX", "fix ", "welcome", "push", ""] {
        let text = json!({ "type": unknown }).to_string();
        cases.push(("an unknown type", text, ("unknown_type", "sign_off")));
    }
    expect_errors(cases).await;
}

#[tokio::test]
async fn fixes_with_wrong_fields_are_refused_alone_and_in_a_batch() {
    let message = |words| ("invalid_message", words);
    let out_of_range = |words| ("invalid_fix", words);
    let cases = [
        ("no seq", ("seq", ""), message("`seq`")),
        ("no latitude", ("latitude", ""), message("`latitude`")),
        ("no longitude", ("longitude", ""), message("`longitude`")),
        ("latitude null", ("latitude", "null"), message("null")),
        ("latitude as a text", ("latitude", r#""38.7""#), message("string")),
        ("longitude as a list", ("longitude", "[1]"), message("sequence")),
        ("accuracy as a text", ("accuracy_m", r#""5""#), message("string")),
        ("time as a text", ("time_ms", r#""1700000000000""#), message("string")),
        ("time with a fraction", ("time_ms", "1700000000000.5"), message("floating point")),
        ("time 2^63", ("time_ms", "9223372036854775808"), message("9223372036854775808")),
        ("time 2^64", ("time_ms", "18446744073709551616"), message("floating point")),
        ("seq -1", ("seq", "-1"), message("-1")),
        ("seq 1.5", ("seq", "1.5"), message("floating point")),
        ("seq 1e3", ("seq", "1e3"), message("floating point")),
        ("seq 2^64", ("seq", "18446744073709551616"), message("floating point")),
        ("seq as a text", ("seq", r#""11""#), message("string")),
        ("an unknown field", ("latitude_deg", "1"), message("unknown field `latitude_deg`")),
        ("latitude NaN", ("latitude", "NaN"), ("invalid_json", "expected value")),
        ("longitude Infinity", ("longitude", "Infinity"), ("invalid_json", "expected value")),
        ("latitude 1e400", ("latitude", "1e400"), ("invalid_json", "out of range")),
        ("longitude -1e400", ("longitude", "-1e400"), ("invalid_json", "out of range")),
        ("seq 2^53 + 1", ("seq", "9007199254740993"), out_of_range("seq must be from 0 to 2^53")),
        (
            "latitude 90.0001",
            ("latitude", "90.0001"),
            out_of_range("latitude must be from -90 to 90"),
        ),
        ("latitude -90.1", ("latitude", "-90.1"), out_of_range("latitude must be from -90 to 90")),
        ("latitude 1e308", ("latitude", "1e308"), out_of_range("latitude must be from -90 to 90")),
        (
            "longitude 180.1",
            ("longitude", "180.1"),
            out_of_range("longitude must be from -180 to 180"),
        ),
        (
            "longitude -180.0001",
            ("longitude", "-180.0001"),
            out_of_range("longitude must be from -180 to 180"),
        ),
        ("accuracy -1", ("accuracy_m", "-1"), out_of_range("accuracy_m must be from 0 to 100000")),
        (
            "accuracy 10^9",
            ("accuracy_m", "1000000000"),
            out_of_range("accuracy_m must be from 0 to 100000"),
        ),
        (
            "altitude 10^6",
            ("altitude_m", "1000000"),
            out_of_range("altitude_m must be from -12000 to 100000"),
        ),
        ("speed -1", ("speed_mps", "-1"), out_of_range("speed_mps must be from 0 to 360")),
        ("speed 361", ("speed_mps", "361"), out_of_range("speed_mps must be from 0 to 360")),
        ("heading -1", ("heading_deg", "-1"), out_of_range("heading_deg must be from 0 to 360")),
        ("heading 361", ("heading_deg", "361"), out_of_range("heading_deg must be from 0 to 360")),
        (
            "battery 101",
            ("battery_percent", "101"),
            out_of_range("battery_percent must be from 0 to 100"),
        ),
        ("time 0", ("time_ms", "0"), out_of_range("time_ms")),
        ("time -1", ("time_ms", "-1"), out_of_range("time_ms")),
        ("time in seconds", ("time_ms", "1795250000"), out_of_range("looks like seconds")),
        (
            "time in microseconds",
            ("time_ms", "1795250000000000"),
            out_of_range("looks like microseconds"),
        ),
        ("time in nanoseconds", ("time_ms", "1795250000000000000"), out_of_range("2000 and 9999")),
        ("time 2^63 - 1", ("time_ms", "9223372036854775807"), out_of_range("2000 and 9999")),
    ];
    let mut all = Vec::new();
    for (case, change, expected) in cases {
        all.push((case, fix(&[change]), expected));
        all.push((case, fixes(&[change]), expected));
    }
    let twice = |name: &str| fix(&[]).replacen('{', &format!("{{\"{name}\":1,"), 1);
    all.push(("latitude twice", twice("latitude"), message("duplicate field `latitude`")));
    all.push(("seq twice", twice("seq"), message("duplicate field `seq`")));
    all.push(("no device", fix(&[("device", "")]), message("`device`")));
    all.push(("which one of a batch", fixes(&[("speed_mps", "361")]), out_of_range("fixes[1]")));
    expect_errors(all).await;
}

#[tokio::test]
async fn an_auth_message_with_wrong_fields_is_refused_and_a_right_one_after_it_counts() {
    let world = Sandbox::start().await;
    let mut bystanders = Bystanders::on(&world).await;
    let mut person = world.connect_anonymously().await;
    let message = |words| ("invalid_message", words);
    let cases = [
        ("empty", "", ("invalid_json", "EOF")),
        ("null", "null", ("invalid_json", "null")),
        ("nothing in it", "{}", message("`type`")),
        ("no token", r#"{"type":"auth"}"#, message("missing field `token`")),
        ("token null", r#"{"type":"auth","token":null}"#, message("null")),
        ("token a number", r#"{"type":"auth","token":7}"#, message("string")),
        (
            "token twice",
            r#"{"type":"auth","token":"a","token":"b"}"#,
            message("duplicate field `token`"),
        ),
        ("a user", r#"{"type":"auth","token":"a","user":"ann"}"#, message("unknown field `user`")),
        ("an unknown type", r#"{"type":"login","token":"a"}"#, ("unknown_type", "auth")),
        ("a surrogate", r#"{"type":"auth","token":"\ud800"}"#, ("invalid_json", "hex escape")),
    ];
    for (case, text, expected) in cases {
        expect_error(&mut person, case, text, expected).await;
        bystanders.carry_on(case).await;
    }
    let token = world.token(OFFENDER, model::Role::User);
    person.send(&json!({ "type": "auth", "token": token })).await;
    assert_eq!(person.hear(|m| m["type"] == "welcome").await["user"], OFFENDER);
    let renewals = [
        ("of somebody else", world.token("ann", model::Role::User), "another user"),
        ("no token", "abc".to_owned(), "not a signed JWT"),
        ("U+0000", "\0".to_owned(), "not a signed JWT"),
    ];
    for (case, token, words) in renewals {
        let renew = json!({ "type": "renew", "token": token }).to_string();
        expect_error(&mut person, case, &renew, ("invalid_token", words)).await;
        bystanders.carry_on(case).await;
    }
}
