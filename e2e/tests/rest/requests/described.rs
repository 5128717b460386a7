//! What every body has in common, by walking the description of all of them: objects are no lists, and `_` says nothing. What is
//! wrong with a number is said by the field's range (`numbers`).

mod examples;
mod numbers;

use std::collections::BTreeSet;

use e2e::{Answer, Sandbox};
use model::Role;
use serde_json::{Value, json};

use examples::Example;

/// The body of an operation, and places of the objects in it, as JSON pointers; the outermost is the first.
fn objects(body: &Value, own: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    collect(body, "", own, &mut found);
    found
}

fn collect(value: &Value, place: &str, own: &[&str], found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            found.push(place.to_owned());
            let typed = members.iter().filter(|(name, _)| !own.contains(&name.as_str()));
            typed.for_each(|(name, value)| collect(value, &format!("{place}/{name}"), own, found));
        }
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.for_each(|(n, value)| collect(value, &format!("{place}/{n}"), own, found));
        }
        _ => {}
    }
}

fn with(body: &Value, place: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut body = body.clone();
    change(body.pointer_mut(place).expect("a place in the body"));
    body
}

async fn send(world: &Sandbox, example: &Example, body: Value) -> Answer {
    let token = world.token("root", example.role);
    let method = example.method.to_uppercase();
    world.with_token(&token, &method, &example.path, Some(body)).await
}

/// All that the bodies could change.
async fn state(world: &Sandbox, examples: &[Example]) -> Vec<Value> {
    let mut paths: BTreeSet<_> = examples.iter().map(|it| it.path.as_str()).collect();
    for unreadable in [
        "/v1/users/mallory/radius",
        "/v1/businesses",
        "/v1/scores",
        "/v1/users/mallory/friend-requests",
    ] {
        paths.remove(unreadable);
    }
    paths.retain(|path| !path.ends_with("/owner"));
    paths.extend([
        "/v1/scores?board=weekly",
        "/v1/businesses/changes",
        "/v1/users/mallory/friend-requests?direction=outgoing",
    ]);
    let token = world.token("root", Role::Service);
    let mut all = Vec::new();
    for path in paths {
        let mut answer = world.with_token(&token, "GET", path, None).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        // The time of the answer.
        if let Some(moment) = answer.json.get_mut("complete_until_ms") {
            *moment = Value::Null;
        }
        all.push(answer.json);
    }
    all
}

/// What a `$ref` stands for, and alternatives.
fn resolved<'a>(description: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    if let Some(name) = schema["$ref"].as_str() {
        let found = description.pointer(name.trim_start_matches('#'));
        return resolved(description, found.expect("a schema"));
    }
    for kind in ["oneOf", "anyOf", "allOf"] {
        if let Some(all) = schema[kind].as_array() {
            return all.iter().flat_map(|schema| resolved(description, schema)).collect();
        }
    }
    vec![schema]
}

/// The names of the members of all objects that a schema describes, with their ways.
fn members(description: &Value, schema: &Value, way: &str, found: &mut BTreeSet<String>) {
    for schema in resolved(description, schema) {
        if schema["items"].is_object() {
            members(description, &schema["items"], way, found);
        }
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            let way = format!("{way}/{name}");
            members(description, member, &way, found);
            found.insert(way);
        }
    }
}

/// The same of a body.
fn used(value: &Value, way: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let way = format!("{way}/{name}");
                used(value, &way, found);
                found.insert(way);
            }
        }
        Value::Array(items) => items.iter().for_each(|value| used(value, way, found)),
        _ => {}
    }
}

#[tokio::test]
async fn every_member_that_is_described_is_in_a_right_body() {
    let world = Sandbox::start().await;
    let examples = examples::all(&world).await;
    let description = world.request("GET", "/openapi.json", None).await.json;
    for (template, item) in description["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            if schema.is_null() {
                continue;
            }
            let (mut described, mut sent) = (BTreeSet::new(), BTreeSet::new());
            members(&description, schema, "", &mut described);
            let ours = examples.iter().filter(|it| it.template == template && it.method == method);
            ours.for_each(|example| used(&example.body, "", &mut sent));
            // Changes within a batch are read as those of one event.
            described
                .retain(|way| !way.starts_with("/events/changes/") && way != "/events/changes");
            // What is only read, or stands instead of something else.
            described.retain(|way| !way.ends_with("/score") && !way.ends_with("/created_ms"));
            let missing: Vec<_> = described.difference(&sent).collect();
            assert!(missing.is_empty(), "put into `examples.rs`: {method} {template}: {missing:?}");
        }
    }
}

#[tokio::test]
async fn no_object_is_a_list() {
    let world = Sandbox::start().await;
    let examples = examples::all(&world).await;
    let before = state(&world, &examples).await;
    let mut tried = 0;
    for example in &examples {
        for place in objects(&example.body, example.own) {
            let body = with(&example.body, &place, |it| {
                let values = it.as_object().into_iter().flatten().map(|(_, value)| value.clone());
                *it = values.collect();
            });
            let case = format!("{} {} {place}", example.method, example.template);
            let answer = send(&world, example, body.clone()).await;
            let said = if place.starts_with("/points/") {
                // Each is judged by itself.
                assert_eq!(
                    (answer.status, &answer.json["points"][0]["kept"]),
                    (200, &json!(false))
                );
                answer.json["points"][0]["problem"]["detail"].to_string()
            } else {
                assert_eq!(
                    (answer.status, &answer.json["code"]),
                    (400, &json!("invalid_json")),
                    "{case}: {answer:?}"
                );
                answer.json["detail"].to_string()
            };
            let words = if place.is_empty() {
                "must be a JSON object"
            } else {
                "must be an object, and is a list"
            };
            assert!(said.contains(words), "{case}: {said}");
            let name = place.split('/').nth(1).unwrap_or_default();
            assert!(place.starts_with("/points/") || said.contains(name), "{case}: {said}");
            tried += 1;
        }
    }
    assert!(tried > 30, "{tried} objects");
    assert_eq!(state(&world, &examples).await, before);
}

#[tokio::test]
async fn what_has_no_name_is_passed_over_in_every_object() {
    let world = Sandbox::start().await;
    let examples = examples::all(&world).await;
    for example in &examples {
        let places = objects(&example.body, example.own);
        for (n, note) in [json!(1), json!({ "_": [] }), Value::Null].into_iter().enumerate() {
            let mut body = example.body.clone();
            for place in &places {
                body = with(&body, place, |it| it["_"] = note.clone());
            }
            let answer = send(&world, example, body).await;
            let case = format!("{} {} {n}", example.method, example.template);
            assert!((200..300).contains(&answer.status), "{case}: {answer:?}");
            for refused in ["problem", "passed_over"] {
                assert!(!answer.text.contains(&format!("\"{refused}\"")), "{case}: {answer:?}");
            }
        }
    }
}
