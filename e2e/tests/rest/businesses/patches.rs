//! What a merge patch (RFC 7396) changes, and what it leaves.

use e2e::Sandbox;
use e2e::raw::assert_problem;
use serde_json::{Value, json};

use super::world::{business, owner, path};

#[tokio::test]
async fn a_patch_reaches_into_objects_and_leaves_the_rest_of_them() {
    let world = Sandbox::start().await;
    let alice = owner(&world, "alice");
    let mut body = business("Noodles", 0.0);
    body["attributes"] = json!({ "wifi": "yes" });
    let id = alice.create(&body).await;
    let longitude = body["position"]["longitude"].clone();
    let week = json!([{ "day": 7, "opens": "10:00", "closes": "12:00" }]);
    let hours = |zone: &str| json!({ "time_zone": zone, "week": week });
    for (patch, changed, now) in [
        (
            json!({ "position": { "latitude": 36.5 } }),
            "position",
            json!({ "latitude": 36.5, "longitude": longitude }),
        ),
        (
            json!({ "position": {} }),
            "position",
            json!({ "latitude": 36.5, "longitude": longitude }),
        ),
        (
            json!({ "position": { "longitude": 7 } }),
            "position",
            json!({ "latitude": 36.5, "longitude": 7.0 }),
        ),
        (json!({ "opening_hours": hours("UTC") }), "opening_hours", hours("UTC")),
        (json!({ "opening_hours": {} }), "opening_hours", hours("UTC")),
        (
            json!({ "opening_hours": { "time_zone": "Europe/Berlin" } }),
            "opening_hours",
            hours("Europe/Berlin"),
        ),
        (
            json!({ "opening_hours": { "week": [] } }),
            "opening_hours",
            json!({ "time_zone": "Europe/Berlin", "week": [] }),
        ),
        (json!({ "opening_hours": null }), "opening_hours", Value::Null),
        (
            json!({ "attributes": { "dog": "1" } }),
            "attributes",
            json!({ "wifi": "yes", "dog": "1" }),
        ),
        (json!({ "attributes": null }), "attributes", json!({})),
    ] {
        for kind in ["application/merge-patch+json", "application/json"] {
            let request = alice.request("PATCH", &path(&id)).json(patch.to_string());
            let answer = alice.send(request.instead("Content-Type", kind)).await;
            assert_eq!((answer.status, &answer.json[changed]), (200, &now), "{patch}: {answer:?}");
            assert_eq!(alice.get(&path(&id)).await.json, answer.json, "{patch}");
        }
    }
    let known = alice.get(&path(&id)).await.json;
    for (patch, code, words) in [
        (json!({ "position": null }), "invalid_json", "position"),
        (json!({ "position": { "latitude": null } }), "invalid_json", "position.latitude"),
        (json!({ "position": { "latitude": 91 } }), "invalid_business", "position: latitude"),
        (json!({ "opening_hours": { "week": [] } }), "invalid_business", "both time_zone and week"),
        (json!({ "opening_hours": {} }), "invalid_business", "both time_zone and week"),
        (
            json!({ "opening_hours": { "time_zone": null } }),
            "invalid_json",
            "opening_hours.time_zone",
        ),
        (json!({ "opening_hours": { "time_zone": "Mars/Base" } }), "invalid_business", "time zone"),
        (json!({ "categories": null }), "invalid_json", "categories"),
    ] {
        let answer = alice.with_body("PATCH", &path(&id), &patch).await;
        assert_problem(&patch.to_string(), &answer, (400, code, words));
    }
    let stale = alice.request("PATCH", &path(&id)).json(r#"{"position":{"latitude":1}}"#);
    let stale = alice.send(stale.clone().with("If-Match", "\"1\"")).await;
    assert_problem("an older version", &stale, (412, "other_version", ""));
    assert_eq!(alice.get(&path(&id)).await.json, known);
    // A repetition by its key is known, though what it is a part of has changed since.
    let keyed = |latitude: f64| {
        let body = json!({ "position": { "latitude": latitude } }).to_string();
        alice.request("PATCH", &path(&id)).json(body).with("Idempotency-Key", "k")
    };
    let first = alice.send(keyed(1.5)).await;
    alice.with_body("PATCH", &path(&id), &json!({ "position": { "longitude": 8 } })).await;
    assert_eq!(alice.send(keyed(1.5)).await.json, first.json);
    assert_eq!(alice.send(keyed(2.5)).await.json["code"], "idempotency_key_used");
}
