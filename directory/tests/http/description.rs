use std::sync::Arc;

use api::{Context, RateLimit, Verifier, VerifyingKey};
use model::{ManualClock, SeededRandom, Timestamp};
use serde_json::Value;

use super::sandbox::Sandbox;

/// Every `$ref` below a value.
fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            found.extend(map.get("$ref").and_then(Value::as_str).map(str::to_owned));
            map.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[tokio::test]
async fn the_description_is_complete_in_itself() {
    let world = Sandbox::with(&[]).await;
    let key = VerifyingKey::hs256("k", &[7; 32]).expect("key");
    let verifier = Arc::new(Verifier::new(vec![key], "us", "them", 0).expect("verifier"));
    let clock = Arc::new(ManualClock::at(Timestamp(0)));
    let random = Arc::new(SeededRandom::new(1));
    let context = Context::new(verifier, clock, random, RateLimit::default());
    let router = directory::http::router(world.directory.clone(), context);
    let mut description = api::openapi();
    description.merge(router.into_openapi());
    let json = serde_json::to_value(&description).expect("becomes JSON");

    let mut found = Vec::new();
    references(&json, &mut found);
    assert!(!found.is_empty());
    for reference in found {
        let pointer = reference.strip_prefix('#').expect("within the document");
        assert!(json.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
    let paths = json["paths"].as_object().expect("paths");
    assert_eq!(paths.len(), 10);
    for (path, item) in paths {
        for (method, operation) in item.as_object().expect("operations") {
            let what = format!("{method} {path}");
            assert!(operation["tags"][0].is_string(), "{what} has no tag");
            assert!(operation["summary"].is_string(), "{what} has no summary");
            assert!(operation["security"][0]["bearer"].is_array(), "{what} needs a token");
            assert!(operation["responses"]["default"].is_object(), "{what} has no refusal");
        }
    }
}
