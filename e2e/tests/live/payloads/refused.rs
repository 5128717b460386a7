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
        ("empty", "", "breaks off"),
        ("spaces", "  ", "breaks off"),
        ("null", "null", "one JSON object"),
        ("an array", "[]", "one JSON object"),
        ("a text", r#""x""#, "one JSON object"),
        ("a number", "7", "one JSON object"),
        ("an array that could be a message", r#"["ping",1]"#, "one JSON object"),
        ("half an object", r#"{"type":"ping","#, "breaks off"),
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
        ("depth 10^4", deep.as_str(), "one JSON object"),
        ("NaN", r#"{"type":"ping","id":NaN}"#, "expected value"),
        ("Infinity", r#"{"type":"ping","id":Infinity}"#, "expected value"),
        ("minus Infinity", r#"{"type":"ping","id":-Infinity}"#, "invalid number"),
        ("a plus", r#"{"type":"ping","id":+1}"#, "expected value"),
        ("a zero in front", r#"{"type":"ping","id":01}"#, "invalid number"),
        ("hexadecimal", r#"{"type":"ping","id":0x1}"#, "expected"),
    ];
    expect_errors(texts.map(|(case, text, words)| (case, text.to_owned(), invalid(words))).into())
        .await;
}

#[tokio::test]
async fn fields_that_are_missing_repeated_or_mistyped_are_invalid_messages() {
    let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let deep_field = format!(r#"{{"type":"ping","id":{deep}}}"#);
    let deep_type = format!(r#"{{"type":{deep}}}"#);
    let name_65 = format!(r#"{{"type":"keep","device":"{}"}}"#, "x".repeat(65));
    let emoji = format!(r#"{{"type":"keep","device":"{}"}}"#, "😀".repeat(2_560));
    let whole = "id must be a whole number from 0 to 2^53";
    let texts = [
        ("nothing in it", "{}", "type is missing"),
        ("type null", r#"{"type":null}"#, "type is missing"),
        ("type a number", r#"{"type":7}"#, "type must be a text, and is a number"),
        ("type an object", r#"{"type":{}}"#, "type must be a text, and is an object"),
        ("type twice", r#"{"type":"ping","type":"keep","id":1}"#, "type stands there twice"),
        ("ping without id", r#"{"type":"ping"}"#, "id is missing"),
        ("ping twice the id", r#"{"type":"ping","id":1,"id":1}"#, "id stands there twice"),
        ("ping with a text", r#"{"type":"ping","id":"1"}"#, whole),
        ("ping with null", r#"{"type":"ping","id":null}"#, "id is missing"),
        ("ping -1", r#"{"type":"ping","id":-1}"#, whole),
        ("ping 1.5", r#"{"type":"ping","id":1.5}"#, whole),
        ("ping 1e400", r#"{"type":"ping","id":1e400}"#, whole),
        ("ping 2^53 + 1", r#"{"type":"ping","id":9007199254740993}"#, whole),
        ("ping 2^64", r#"{"type":"ping","id":18446744073709551616}"#, whole),
        ("keep without device", r#"{"type":"keep"}"#, "device is missing"),
        ("keep with an empty device", r#"{"type":"keep","device":""}"#, "device"),
        ("keep with a space", r#"{"type":"keep","device":"a b"}"#, "device"),
        ("keep with U+0000", r#"{"type":"keep","device":"a\u0000"}"#, "device"),
        ("keep with a right-to-left mark", r#"{"type":"keep","device":"\u200fa"}"#, "device"),
        ("keep with wild signs", r#"{"type":"keep","device":"a:{}*"}"#, "device"),
        ("keep with a newline", r#"{"type":"keep","device":"a\n"}"#, "device"),
        ("keep with 65 characters", &name_65, "device"),
        ("keep with 10 KB of emoji", &emoji, "device"),
        ("renew without token", r#"{"type":"renew"}"#, "token is missing"),
        ("auth with a number", r#"{"type":"auth","token":7}"#, "token must be a text"),
        ("fixes without fixes", r#"{"type":"fixes","device":"phone"}"#, "fixes is missing"),
        (
            "fixes no list",
            r#"{"type":"fixes","device":"phone","fixes":{}}"#,
            "fixes must be a list",
        ),
        ("depth 10^4 in a field", &deep_field, whole),
        ("depth 10^4 in type", &deep_type, "type must be a text, and is a list"),
    ];
    let mut cases: Vec<_> =
        texts.map(|(case, text, words)| (case, text.to_owned(), ("invalid_message", words))).into();
    let empty = r#"{"type":"fixes","device":"phone","fixes":[]}"#.to_owned();
    cases.push(("fixes empty", empty, ("invalid_fix", "empty")));
    for unknown in ["teleport", "FIX", "fix ", "welcome", "push", ""] {
        let text = json!({ "type": unknown }).to_string();
        cases.push(("an unknown type", text, ("unknown_type", "sign_off")));
    }
    expect_errors(cases).await;
}

#[tokio::test]
async fn fixes_without_what_they_need_are_refused_alone_and_in_a_batch() {
    let whole = "seq must be a whole number from 0 to 2^53";
    let cases = [
        ("no seq", ("seq", ""), "seq is missing"),
        ("no latitude", ("latitude", ""), "latitude is missing"),
        ("no longitude", ("longitude", ""), "longitude is missing"),
        ("latitude null", ("latitude", "null"), "latitude is missing"),
        (
            "latitude as a text",
            ("latitude", r#""38.7""#),
            "latitude must be a number, and is a text",
        ),
        ("longitude as a list", ("longitude", "[1]"), "longitude must be a number, and is a list"),
        ("time as a text", ("time_ms", r#""1700000000000""#), "time_ms must be a number"),
        ("time 2^63", ("time_ms", "9223372036854775808"), "2000 and 9999"),
        ("time 2^64", ("time_ms", "18446744073709551616"), "2000 and 9999"),
        ("seq -1", ("seq", "-1"), whole),
        ("seq 1.5", ("seq", "1.5"), whole),
        ("seq 2^64", ("seq", "18446744073709551616"), whole),
        ("seq as a text", ("seq", r#""11""#), whole),
        ("seq 2^53 + 1", ("seq", "9007199254740993"), whole),
        ("latitude 90.0001", ("latitude", "90.0001"), "latitude must be from -90 to 90"),
        ("latitude -90.1", ("latitude", "-90.1"), "latitude must be from -90 to 90"),
        ("latitude 1e308", ("latitude", "1e308"), "latitude must be from -90 to 90"),
        ("latitude 1e400", ("latitude", "1e400"), "latitude must be from -90 to 90"),
        ("longitude 180.1", ("longitude", "180.1"), "longitude must be from -180 to 180"),
        ("longitude -180.0001", ("longitude", "-180.0001"), "longitude must be from -180 to 180"),
        ("time 0", ("time_ms", "0"), "time_ms"),
        ("time -1", ("time_ms", "-1"), "time_ms"),
        ("time in seconds", ("time_ms", "1795250000"), "looks like seconds"),
        ("time in seconds, Python's", ("time_ms", "1795250000.906"), "looks like seconds"),
        ("time in microseconds", ("time_ms", "1795250000000000"), "looks like microseconds"),
        ("time in nanoseconds", ("time_ms", "1795250000000000000"), "2000 and 9999"),
        ("time 2^63 - 1", ("time_ms", "9223372036854775807"), "2000 and 9999"),
    ];
    let mut all: Vec<_> =
        cases.map(|(case, change, words)| (case, fix(&[change]), ("invalid_fix", words))).into();
    let twice = |name: &str| fix(&[]).replacen('{', &format!("{{\"{name}\":1,"), 1);
    let message = |words| ("invalid_message", words);
    all.push(("latitude twice", twice("latitude"), message("latitude stands there twice")));
    all.push(("seq twice", twice("seq"), message("seq stands there twice")));
    all.push(("no device", fix(&[("device", "")]), message("device is missing")));
    all.push(("NaN", fix(&[("latitude", "NaN")]), ("invalid_json", "expected value")));
    expect_errors(all).await;

    let world = patient_world().await;
    let mut person = world.connect(OFFENDER).await;
    for (case, change, words) in cases {
        person.send_text(&fixes(&[change])).await;
        let ack = person.hear(|m| m["type"] == "ack" || m["type"] == "error").await;
        let refused = &ack["refused"][0];
        let told = (&refused["index"], &refused["error"]);
        assert_eq!(told, (&json!(1), &json!("invalid_fix")), "{case}: {ack}");
        assert!(refused["detail"].as_str().is_some_and(|d| d.contains(words)), "{case}: {ack}");
    }
}

#[tokio::test]
async fn an_auth_message_with_wrong_fields_is_refused_and_a_right_one_after_it_counts() {
    let world = Sandbox::start().await;
    let mut bystanders = Bystanders::on(&world).await;
    let mut person = world.connect_anonymously().await;
    let message = |words| ("invalid_message", words);
    let cases = [
        ("empty", "", ("invalid_json", "breaks off")),
        ("null", "null", ("invalid_json", "one JSON object")),
        ("nothing in it", "{}", message("type is missing")),
        ("no token", r#"{"type":"auth"}"#, message("token is missing")),
        ("token null", r#"{"type":"auth","token":null}"#, message("token is missing")),
        ("token a number", r#"{"type":"auth","token":7}"#, message("token must be a text")),
        (
            "token twice",
            r#"{"type":"auth","token":"a","token":"b"}"#,
            message("token stands there twice"),
        ),
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
