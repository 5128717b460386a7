//! The description and the server agree on what is well said: each example of a request is changed in every way that
//! comes to mind, and both judge it.

use e2e::{Person, Sandbox};
use serde_json::{Value, json};

use super::contract::Contract;

/// What the server says of a message that is well said, whatever becomes of it.
const UNDERSTOOD: [&str; 11] = [
    "ack",
    "board_closed",
    "too_many_boards",
    "kept",
    "signed_off",
    "pong",
    "renewed",
    "already_authenticated",
    "invalid_token",
    "rate_limited",
    "unavailable",
];

/// What the server says of a message that isn't.
const MISUNDERSTOOD: [&str; 5] =
    ["invalid_json", "invalid_message", "unknown_type", "invalid_fix", "too_many_fixes"];

/// What a field may be replaced by.
fn replacements() -> Vec<Value> {
    let values = r#"[
        -1, 0, 0.5, 1.0, 8e0, 1700000000000.906, 1e-320, 90, 90.0001, -90.1, 100.1, 180, -180, 180.1, 360, 360.1, 100000, 100000.5,
        -12000, -12000.5, 9007199254740992, 9007199254740993, 18446744073709551615,
        -9223372036854775808, 1e300, 1700000000, 946684799999, 946684800000, 253402300799999,
        253402300800000, null, true, [], {}, [{}], "", "1", "me", "..", ".a", "a b", "a\n", "a\u0000",
        "é"
    ]"#;
    let mut values: Vec<Value> = serde_json::from_str(values).expect("JSON");
    values.extend([64, 65].map(|length| json!("a".repeat(length))));
    values
}

/// The object with each field missing, replaced, and with a field too many.
fn variations(object: &Value) -> Vec<Value> {
    let mut all = vec![object.clone()];
    let mut too_many = object.clone();
    too_many["extra"] = json!(1);
    all.push(too_many);
    for name in object.as_object().expect("an object").keys() {
        let mut missing = object.clone();
        missing.as_object_mut().expect("an object").remove(name);
        all.push(missing);
        for replacement in replacements() {
            let mut replaced = object.clone();
            replaced[name] = replacement;
            all.push(replaced);
        }
    }
    all
}

fn messages(contract: &Contract) -> Vec<Value> {
    let requests = contract.requests();
    let examples = contract.examples().filter(|(kind, _)| requests.contains_key(kind));
    let mut all: Vec<_> = examples.flat_map(|(_, example)| variations(example)).collect();
    let (_, batch) = contract.examples().find(|(kind, _)| *kind == "fixes").expect("an example");
    let item = &batch["fixes"][0];
    let with_items = |items: Value| {
        let mut batch = batch.clone();
        batch["fixes"] = items;
        batch
    };
    all.extend(variations(item).into_iter().map(|item| with_items(json!([item]))));
    for extra in [json!({ "device": "phone" }), json!({ "type": "fix" }), json!({ "type": null })] {
        let mut item = item.clone();
        let extra = extra.as_object().expect("an object").clone();
        item.as_object_mut().expect("an object").extend(extra);
        all.push(with_items(json!([item])));
    }
    all.extend([1, 100, 101].map(|count| with_items(json!(vec![item.clone(); count]))));
    all.extend([
        json!(null),
        json!([]),
        json!({}),
        json!("x"),
        json!(7),
        json!({ "type": "pong" }),
    ]);
    all
}

async fn understood(person: &mut Person, message: &Value) -> bool {
    person.send(message).await;
    let word = |m: &Value| m["error"].as_str().or(m["type"].as_str()).map(str::to_owned);
    let among = |words: &[&str], word: &str| words.contains(&word);
    let known = |word: &str| among(&UNDERSTOOD, word) || among(&MISUNDERSTOOD, word);
    let answer = person.hear(|m| word(m).is_some_and(|word| known(&word))).await;
    answer["refused"].is_null() && word(&answer).is_some_and(|word| among(&UNDERSTOOD, &word))
}

#[tokio::test]
async fn what_is_refused_does_not_fit_the_description_and_what_fits_is_understood() {
    let contract = Contract::read();
    let world = Sandbox::with(|config| {
        config.gateway.errors_max = 1_000_000;
        config.gateway.fixes_per_s = 1_000_000;
        config.gateway.fixes_burst = 1_000_000;
        config.gateway.messages_per_s = 1_000_000;
        config.gateway.messages_burst = 1_000_000;
        config.gateway.bytes_per_s = 1_000_000_000;
        config.gateway.bytes_burst = 1_000_000_000;
    })
    .await;
    let mut person = world.connect("alice").await;
    let mut verdicts = [0, 0];
    for message in messages(&contract) {
        let fits = contract.check(&message);
        let understood = understood(&mut person, &message).await;
        assert_eq!(fits.is_ok(), understood, "{fits:?}: {message}, {:?}", person.heard.last());
        verdicts[usize::from(understood)] += 1;
    }
    assert!(verdicts.into_iter().all(|count| count > 100), "{verdicts:?}");
}
