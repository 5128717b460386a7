//! PROTOCOL.md and `asyncapi.yaml` say what the code does.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::ops::RangeInclusive;

use model::{Metres, limits};
use serde_json::Value;
use ws_gateway::CLOCK_AHEAD_MS;
use ws_gateway::protocol::{CloseCode, ErrorWord, REPLY_TYPES, REQUEST_TYPES, SUBPROTOCOL_JSON};
use ws_gateway::{AROUND_MAX, BOARD_INTERVAL_MS, Config, Hysteresis, TOP_MAX};

use super::contract::{Contract, lost_references, words};
use super::markdown::{flowing, quoted, table};
use super::tree;

const REQUESTS: &str = "What a client sends";
const REPLIES: &str = "What the server sends";

fn page() -> String {
    tree::read("PROTOCOL.md")
}

/// The first word of each row.
fn first_words(heading: &str) -> Vec<String> {
    let rows = table(&page(), heading);
    rows.iter().map(|row| quoted(&row[0])[0].to_owned()).collect()
}

fn set<'a>(words: impl IntoIterator<Item = &'a str>) -> BTreeSet<&'a str> {
    words.into_iter().collect()
}

#[test]
fn every_message_is_in_the_code_on_the_page_and_in_the_description() {
    let contract = Contract::read();
    assert_eq!(first_words(REQUESTS), REQUEST_TYPES);
    assert_eq!(contract.requests().into_keys().collect::<BTreeSet<_>>(), set(REQUEST_TYPES));
    assert_eq!(first_words(REPLIES), REPLY_TYPES);
    assert_eq!(contract.replies(), set(REPLY_TYPES));
    let all =
        |part: &Value| part.as_object().expect("messages").keys().cloned().collect::<BTreeSet<_>>();
    let expected = REQUEST_TYPES.iter().chain(&REPLY_TYPES).map(ToString::to_string).collect();
    assert_eq!(all(&contract.json["components"]["messages"]), expected);
    assert_eq!(all(&contract.json["channels"]["session"]["messages"]), expected);
}

#[test]
fn every_request_is_answered_by_what_the_page_says() {
    let contract = Contract::read();
    for row in table(&page(), REQUESTS) {
        let (kind, answers) = (quoted(&row[0])[0], quoted(&row[2]));
        // Of a batch the page says "one `ack`"; `auth` names its close code besides.
        let answers = if answers.is_empty() { vec![row[2].as_str()] } else { answers };
        assert_eq!(contract.requests()[kind], set(answers), "{kind}");
    }
}

#[test]
fn every_field_stands_on_the_page_and_says_what_is_optional() {
    let contract = Contract::read();
    let friend: Vec<_> =
        contract.shared("friend")["properties"].as_object().into_iter().flatten().collect();
    for row in [table(&page(), REQUESTS), table(&page(), REPLIES)].concat() {
        let kind = quoted(&row[0])[0];
        let schema = contract.schema(kind);
        let required =
            set(schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str));
        let (always, sometimes) = match row[1].split_once("optional") {
            Some((always, rest)) => (quoted(always), quoted(rest)),
            None => (quoted(&row[1]), quoted(&row[1])),
        };
        let as_in_a_friend = row[1].contains("as in a friend");
        for field in schema["properties"].as_object().expect("fields").keys() {
            let told = match field.as_str() {
                "type" => true,
                field if required.contains(field) => always.contains(&field),
                field if as_in_a_friend => friend.iter().any(|(name, _)| *name == field),
                field => sometimes.contains(&field),
            };
            assert!(told, "{kind}: PROTOCOL.md doesn't say so of `{field}`");
        }
    }
}

#[test]
fn a_friend_has_the_fields_that_the_page_says() {
    let contract = Contract::read();
    let page = flowing(&page());
    let (_, told) = page.split_once("A **friend** is `{").expect("what a friend is");
    let (always, rest) = told.split_once("}`").expect("the end of the object");
    let (sometimes, _) = rest.split_once(". ").expect("the end of the sentence");
    let friend = contract.shared("friend");
    let required = friend["required"].as_array().expect("required fields");
    for name in friend["properties"].as_object().expect("fields").keys() {
        let stands = if required.iter().any(|field| field == name) {
            always.contains(&format!("\"{name}\""))
        } else {
            quoted(sometimes).contains(&name.as_str())
        };
        assert!(stands, "{name}");
    }
}

#[test]
fn the_error_words_are_those_of_the_code() {
    let code: Vec<_> = ErrorWord::ALL.iter().map(|word| word.as_str()).collect();
    assert_eq!(first_words("Errors"), code);
    assert_eq!(words(&Contract::read().schema("error")["properties"]["error"]), code);
}

#[test]
fn the_close_codes_are_those_of_the_code() {
    let part = |code: &CloseCode| (code.code(), code.as_str().to_owned(), code.comes_back());
    let code: Vec<_> = CloseCode::ALL.iter().map(part).collect();
    let comes_back = |cell: &str| match cell {
        "yes" => true,
        "no" | "–" => false,
        other => panic!("come back: {other}"),
    };
    let rows = table(&page(), "Close codes").into_iter();
    let page: Vec<_> = rows
        .map(|row| (row[0].parse().expect("a number"), row[1].clone(), comes_back(&row[2])))
        .collect();
    assert_eq!(page, code);
    let contract = Contract::read();
    let listed = contract.json["channels"]["session"]["x-close-codes"].as_array().expect("codes");
    let listed: Vec<_> = listed
        .iter()
        .map(|row| {
            let number = row["code"].as_u64().and_then(|code| code.try_into().ok());
            let name = row["name"].as_str().expect("a name").to_owned();
            assert!(row["when"].is_string(), "{row}");
            (number.expect("a number"), name, row["come_back"].as_bool().expect("yes or no"))
        })
        .collect();
    assert_eq!(listed, code);
}

#[test]
fn the_numbers_on_the_page_are_the_defaults() {
    let page = flowing(&page());
    let config = Config::default();
    let exit = |radius: f64| Hysteresis::new(Metres(radius)).exit.0 - radius;
    for sentence in [
        format!("within the deadline ({} s)", config.auth_timeout_ms / 1_000),
        format!("1 to {} objects as in `fix`", config.batch_fixes_max),
        format!("between the TTL ago and {} s ahead of its receipt", CLOCK_AHEAD_MS / 1_000),
        format!("for `ping_interval_ms` + {} s. Any client", config.ping_grace_ms / 1_000),
        format!("was read for `ping_interval_ms` + {} s |", config.ping_grace_ms / 1_000),
        format!("When a write has been stuck for {} s", config.stuck_degrade_ms / 1_000),
        format!("Stuck for {} s, it is closed with 4000", config.stuck_close_ms / 1_000),
        format!("could be written for {} s |", config.stuck_close_ms / 1_000),
        format!("more than {} erroneous messages", config.errors_max),
        format!("`top` (0 … {TOP_MAX}, 10 if absent), `around` (0 … {AROUND_MAX}, 4 if absent)"),
        format!("A board is pushed at most every {BOARD_INTERVAL_MS} ms"),
        format!("the greater of {} % and {} m", exit(100_000.0) / 1_000.0, exit(1.0)),
    ] {
        assert!(page.contains(&sentence), "PROTOCOL.md should say \"{sentence}\"");
    }
    let whole = |ms: u64| ms.is_multiple_of(1_000);
    let told = [
        config.auth_timeout_ms,
        config.ping_grace_ms,
        config.stuck_degrade_ms,
        config.stuck_close_ms,
    ];
    assert!(told.into_iter().all(whole), "the page tells whole seconds");
    let contract = Contract::read();
    for (field, most) in [("top", TOP_MAX), ("around", AROUND_MAX)] {
        let maximum = &contract.schema("watch_board")["properties"][field]["maximum"];
        assert_eq!(maximum.as_u64(), Some(most as u64), "{field}");
    }
    let maximum = &contract.schema("fixes")["properties"]["fixes"]["maxItems"];
    assert_eq!(maximum.as_u64(), Some(config.batch_fixes_max as u64));
}

#[test]
fn the_numbers_in_the_description_are_the_defaults() {
    let contract = Contract::read();
    let config = Config::default();
    let codes = contract.json["channels"]["session"]["x-close-codes"].to_string();
    for sentence in [
        format!("could be written for {} s", config.stuck_close_ms / 1_000),
        format!("`ping_interval_ms` + {} s", config.ping_grace_ms / 1_000),
        format!("within the deadline ({} s)", config.auth_timeout_ms / 1_000),
        format!("more than {} erroneous messages", config.errors_max),
    ] {
        assert!(codes.contains(&sentence), "asyncapi.yaml should say \"{sentence}\"");
    }
    let (_, welcome) =
        contract.examples().find(|(kind, _)| *kind == "welcome").expect("an example");
    for (field, value) in [
        ("/ttl_ms", config.ttl_ms),
        ("/tick_ms", config.tick_ms),
        ("/ping_interval_ms", config.ping_interval_ms),
        ("/limits/message_bytes", config.message_bytes_max as u64),
        ("/limits/batch_fixes", config.batch_fixes_max as u64),
        ("/limits/fixes_per_s", config.fixes_per_s.into()),
        ("/limits/fixes_burst", config.fixes_burst.into()),
        ("/limits/messages_per_s", config.messages_per_s.into()),
        ("/limits/messages_burst", config.messages_burst.into()),
        ("/limits/bytes_per_s", config.bytes_per_s.into()),
        ("/limits/bytes_burst", config.bytes_burst.into()),
        ("/limits/errors", config.errors_max.into()),
        ("/limits/boards", config.boards_max as u64),
    ] {
        assert_eq!(welcome.pointer(field).and_then(Value::as_u64), Some(value), "{field}");
    }
    let host = server::Config::default().http.listen.port();
    assert_eq!(contract.json["servers"]["local"]["host"], format!("localhost:{host}"));
    assert_eq!(contract.json["channels"]["session"]["address"], "/v1/ws");
    let headers = &contract.json["channels"]["session"]["bindings"]["ws"]["headers"]["properties"];
    assert_eq!(headers["Sec-WebSocket-Protocol"]["const"], SUBPROTOCOL_JSON);
    assert!(page().contains(&format!("subprotocol `{SUBPROTOCOL_JSON}`")));
}

#[test]
fn the_ranges_are_those_of_the_model() {
    let contract = Contract::read();
    let page = flowing(&page());
    for (field, range) in [
        ("latitude", -90.0..=90.0),
        ("longitude", -180.0..=180.0),
        ("accuracy_m", limits::ACCURACY_M),
        ("altitude_m", limits::ALTITUDE_M),
        ("speed_mps", limits::SPEED_MPS),
        ("heading_deg", limits::HEADING_DEG),
        ("battery_percent", limits::BATTERY_PERCENT),
    ] {
        let schema = contract.shared(field);
        let ends = (schema["minimum"].as_f64(), schema["maximum"].as_f64());
        assert_eq!(ends, (Some(*range.start()), Some(*range.end())), "{field}");
        let told = spelled(&range);
        let stands = [format!("{field} {told}"), format!("`{field}` {told}")];
        assert!(stands.iter().any(|words| page.contains(words)), "PROTOCOL.md: {stands:?}");
    }
    for field in ["seq", "ping_id"] {
        assert_eq!(contract.shared(field)["maximum"].as_u64(), Some(limits::SEQ_MAX), "{field}");
    }
    assert_eq!(limits::SEQ_MAX, 1 << 53);
    assert!(page.contains("`seq` (0 … 2⁵³)") && page.contains("`id` (0 … 2⁵³)"));
}

/// As on the page: `−90 … 90`, `0 … 100 000`.
fn spelled(range: &RangeInclusive<f64>) -> String {
    fn number(value: impl Display) -> String {
        let text = value.to_string();
        let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("−", rest));
        match digits.len().checked_sub(3) {
            Some(thousands @ 1..) => {
                format!("{sign}{} {}", &digits[..thousands], &digits[thousands..])
            }
            _ => format!("{sign}{digits}"),
        }
    }
    format!("{} … {}", number(range.start()), number(range.end()))
}

#[test]
fn the_description_is_complete_in_itself_and_its_examples_are_right() {
    let contract = Contract::read();
    assert_eq!(lost_references(&contract.json), Vec::<String>::new());
    let mut shown = BTreeSet::new();
    for (kind, example) in contract.examples() {
        assert_eq!(example["type"], kind);
        contract.assert(example);
        shown.insert(kind);
    }
    let all: BTreeSet<_> = REQUEST_TYPES.into_iter().chain(REPLY_TYPES).collect();
    assert_eq!(shown, all, "every message has an example");
    for kind in all {
        let schema = contract.schema(kind);
        assert_eq!(schema["properties"]["type"]["const"], kind);
        // Fields of newer apps are passed over; what the server sends is all here.
        let closed = if REPLY_TYPES.contains(&kind) { Value::Bool(false) } else { Value::Null };
        assert_eq!(schema["additionalProperties"], closed, "{kind}");
        assert_eq!(schema["required"][0], "type", "{kind}");
    }
}
