//! What is written is read, with its version, once.

use e2e::Sandbox;
use e2e::raw::assert_problem;
use serde_json::{Value, json};

use super::world::{HERE, business, header, operator, owner, path};

#[tokio::test]
async fn everything_on_record_comes_back() {
    let world = Sandbox::start().await;
    let alice = owner(&world, "alice");
    let mut whole = json!({
        "name": "김밥천국 \u{200f}\u{5d0}",
        "categories": ["Food & Drink / Restaurants", "Late"],
        "address": "1 Main Street",
        "position": { "latitude": HERE.0, "longitude": HERE.1 },
        "opening_hours": {
            "time_zone": "America/Los_Angeles",
            "week": [
                { "day": 5, "opens": "18:00", "closes": "02:00" },
                { "day": 6, "opens": "00:00", "closes": "24:00" },
            ],
        },
        "phone": "+1 702 555 0100",
        "site": "https://example.com/",
        "attributes": { "wifi": "yes" },
    });
    let made = alice.with_body("POST", "/v1/businesses", &whole).await;
    assert_eq!((made.status, header(&made, "etag")), (201, "\"1\""), "{made:?}");
    let id = made.json["id"].as_str().expect("an id").to_owned();
    assert_eq!(header(&made, "location"), path(&id));

    let read = alice.get(&path(&id)).await;
    assert_eq!((read.status, &read.json), (200, &made.json), "{read:?}");
    for (field, value) in whole.as_object_mut().expect("an object") {
        assert_eq!(&read.json[field], value, "{field}");
    }
    let known = ["id", "owner", "version", "updated_ms"].map(|field| read.json[field].is_null());
    assert_eq!(known, [false; 4], "{read:?}");
    let tag = header(&read, "etag");
    let again = alice.send(alice.request("GET", &path(&id)).with("If-None-Match", tag)).await;
    assert_eq!((again.status, again.text.as_str()), (304, ""));
}

#[tokio::test]
async fn only_what_is_named_is_changed_and_null_takes_away() {
    let world = Sandbox::start().await;
    let alice = owner(&world, "alice");
    let mut body = business("Noodles", 0.0);
    body["phone"] = json!("1");
    body["attributes"] = json!({ "wifi": "yes", "cash": "no" });
    let id = alice.create(&body).await;
    let patch =
        json!({ "name": "Soups", "phone": null, "attributes": { "wifi": null, "dog": "1" } });
    let changed = alice.with_body("PATCH", &path(&id), &patch).await;
    assert_eq!((changed.status, header(&changed, "etag")), (200, "\"2\""), "{changed:?}");
    assert_eq!(changed.json["name"], "Soups");
    assert_eq!(changed.json["phone"], Value::Null);
    assert_eq!(changed.json["attributes"], json!({ "cash": "no", "dog": "1" }));
    assert_eq!(changed.json["categories"], body["categories"]);

    let replaced = alice.with_body("PUT", &path(&id), &business("Cakes", 1.0)).await;
    assert_eq!((replaced.status, header(&replaced, "etag")), (200, "\"3\""), "{replaced:?}");
    assert_eq!(replaced.json["attributes"], json!({}));
    let same = alice.with_body("PUT", &path(&id), &business("Cakes", 1.0)).await;
    assert_eq!(header(&same, "etag"), "\"3\"", "what is so already is no change");
}

#[tokio::test]
async fn a_version_that_is_not_the_present_one_refuses_every_write() {
    let world = Sandbox::start().await;
    let alice = owner(&world, "alice");
    let id = alice.create(&business("A", 0.0)).await;
    alice.with_body("PATCH", &path(&id), &json!({ "name": "B" })).await;
    let known = alice.get(&path(&id)).await.json;
    let patch = json!({ "name": "C" }).to_string();
    for tag in ["\"1\"", "\"3\"", "W/\"1\"", "2", "\"1\", \"3\"", "\"x\"", "\"2-x\""] {
        for request in [
            alice.request("PUT", &path(&id)).json(business("C", 0.0).to_string()),
            alice.request("PATCH", &path(&id)).json(&patch),
            alice.request("DELETE", &path(&id)),
        ] {
            let answer = alice.send(request.with("If-Match", tag)).await;
            assert_problem(tag, &answer, (412, "other_version", ""));
        }
    }
    assert_eq!(alice.get(&path(&id)).await.json, known);
    let any = alice.request("PATCH", &path(&id)).json(&patch).with("If-Match", "*");
    assert_eq!(alice.send(any).await.status, 200);
    let right = alice.request("DELETE", &path(&id)).with("If-Match", "\"3\"");
    assert_eq!(alice.send(right).await.status, 204);
    assert_problem("gone", &alice.get(&path(&id)).await, (404, "no_such_business", ""));
}

#[tokio::test]
async fn tags_that_a_proxy_made_of_ours_are_known() {
    let world = Sandbox::start().await;
    let alice = owner(&world, "alice");
    let id = alice.create(&business("A", 0.0)).await;
    let tags = ["W/\"1\"", "\"2-gzip\"", "W/\"3-br\"", "\"9\", \"4\"", "\"5\", W/\"5-gzip\""];
    for (version, tag) in (1..).zip(tags) {
        let patch = json!({ "name": format!("A{version}") }).to_string();
        let request = alice.request("PATCH", &path(&id)).json(patch).with("If-Match", tag);
        let answer = alice.send(request).await;
        assert_eq!((answer.status, &answer.json["version"]), (200, &json!(version + 1)), "{tag}");
    }
}

#[tokio::test]
async fn what_was_read_may_be_written_back_and_read_only_fields_stay() {
    let world = Sandbox::start().await;
    let alice = owner(&world, "alice");
    let id = alice.create(&business("A", 0.0)).await;
    let mut read = alice.get(&path(&id)).await.json;
    read["name"] = json!("B");
    let put = alice.with_body("PUT", &path(&id), &read).await;
    assert_eq!((put.status, &put.json["version"]), (200, &json!(2)), "{put:?}");
    let again = alice.with_body("PUT", &path(&id), &read).await;
    assert_problem("an older version", &again, (412, "other_version", ""));
    for (field, other) in [("id", json!("x")), ("owner", json!("bob")), ("updated_ms", json!(7))] {
        let patch = json!({ "name": "C", "_": 1, field: other });
        let refused = alice.with_body("PATCH", &path(&id), &patch).await;
        assert_problem(field, &refused, (400, "read_only_field", field));
    }
    let read = alice.get(&path(&id)).await.json;
    let patch = alice.request("PATCH", &path(&id)).json(read.to_string());
    let patch = patch.instead("Content-Type", "application/merge-patch+json");
    assert_eq!(alice.send(patch).await.status, 200);
}

#[tokio::test]
async fn a_key_makes_a_repetition_do_nothing() {
    let world = Sandbox::start().await;
    let (alice, bob) = (owner(&world, "alice"), owner(&world, "bob"));
    let post = |body: &Value| alice.request("POST", "/v1/businesses").json(body.to_string());
    let keyed = post(&business("A", 0.0)).with("Idempotency-Key", "k1");
    // At the same moment, as a client does that gave up waiting.
    let (first, second) = tokio::join!(alice.send(keyed.clone()), alice.send(keyed.clone()));
    assert_eq!((first.status, second.status), (201, 201), "{first:?} {second:?}");
    assert_eq!(first.json, second.json);
    let later = alice.send(keyed).await;
    assert_eq!((later.status, &later.json), (201, &first.json), "{later:?}");
    assert_eq!(alice.names_near("").await, ["A"]);

    let other = post(&business("B", 0.0)).with("Idempotency-Key", "k1");
    assert_problem("reused", &alice.send(other).await, (409, "idempotency_key_used", ""));
    let theirs = bob.request("POST", "/v1/businesses").json(business("C", 9.0).to_string());
    let theirs = bob.send(theirs.with("Idempotency-Key", "k1")).await;
    assert_eq!(theirs.status, 201, "a key is one's own: {theirs:?}");

    let id = first.json["id"].as_str().expect("an id");
    let patch = alice.request("PATCH", &path(id)).json(json!({ "name": "D" }).to_string());
    let patch = patch.with("If-Match", "\"1\"").with("Idempotency-Key", "k2");
    let versions = [alice.send(patch.clone()).await, alice.send(patch).await];
    let versions = versions.map(|answer| (answer.status, answer.json["version"].clone()));
    assert_eq!(versions, [(200, json!(2)), (200, json!(2))]);
}

#[tokio::test]
async fn keys_that_are_none_are_refused_and_nothing_is_made() {
    let world = Sandbox::start().await;
    let alice = owner(&world, "alice");
    let post = || alice.request("POST", "/v1/businesses").json(business("A", 0.0).to_string());
    for key in ["", " ", &"k".repeat(256)] {
        let answer = alice.send(post().with("Idempotency-Key", key)).await;
        assert_problem(key, &answer, (400, "invalid_idempotency_key", "idempotency-key"));
    }
    let twice = post().with("Idempotency-Key", "a").with("Idempotency-Key", "a");
    assert_problem("twice", &alice.send(twice).await, (400, "invalid_header", "more than once"));
    assert!(alice.names_near("").await.is_empty());
    let longest = post().with("Idempotency-Key", &"k".repeat(255));
    assert_eq!(alice.send(longest).await.status, 201);
}

#[tokio::test]
async fn a_read_with_the_token_of_a_write_sees_it() {
    let world = Sandbox::start().await;
    let alice = owner(&world, "alice");
    let made = alice.with_body("POST", "/v1/businesses", &business("A", 0.0)).await;
    let token = header(&made, "x-freshness");
    let id = made.json["id"].as_str().expect("an id");
    let around = format!("/v1/search/nearby?latitude={}&longitude={}", HERE.0, HERE.1);
    for place in [path(id), around, "/v1/businesses?owner=me".to_owned()] {
        let answer = alice.send(alice.request("GET", &place).with("x-freshness", token)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert!(answer.text.contains(id), "{answer:?}");
        let nonsense = alice.request("GET", &place).with("x-freshness", "yesterday");
        assert_problem(&place, &alice.send(nonsense).await, (400, "invalid_freshness", ""));
    }
    let after = alice.get(&format!("/v1/businesses/changes?after={token}")).await;
    assert_eq!(after.json["changes"], json!([]), "the token is a place in the feed too");
}

#[tokio::test]
async fn the_feed_tells_every_change_and_removal_once() {
    let world = Sandbox::start().await;
    let (alice, root) = (owner(&world, "alice"), operator(&world));
    let mut ids = Vec::new();
    for name in ["A", "B", "C"] {
        ids.push(alice.create(&business(name, 0.0)).await);
    }
    alice.with_body("PATCH", &path(&ids[0]), &json!({ "name": "A2" })).await;
    alice.send(alice.request("DELETE", &path(&ids[1]))).await;
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let page = root.get(&format!("/v1/businesses/changes?limit=1{after}")).await;
        assert_eq!(page.status, 200, "{page:?}");
        for change in page.json["changes"].as_array().expect("a list") {
            seen.push((change["id"].clone(), change["business"]["name"].clone()));
        }
        after = format!("&after={}", page.json["next"].as_str().expect("always there"));
        if page.json["more"] == false {
            break;
        }
    }
    let expected = [(&ids[2], json!("C")), (&ids[0], json!("A2")), (&ids[1], Value::Null)];
    assert_eq!(seen, expected.map(|(id, name)| (json!(id), name)));
    let ahead = "/v1/businesses/changes?after=0000000000000001.ffff";
    assert_problem("other", &root.get(ahead).await, (409, "other_history", "beginning"));
}

#[tokio::test]
async fn a_walk_goes_on_rightly_while_others_write() {
    let world = Sandbox::start().await;
    let alice = owner(&world, "alice");
    let mut ids = Vec::new();
    for n in 0..30 {
        ids.push(alice.create(&business(&format!("{n:02}"), f64::from(n) * 10.0)).await);
    }
    let start = format!("/v1/search/nearby?latitude={}&longitude={}&limit=7", HERE.0, HERE.1);
    let (mut names, mut next, mut page) = (Vec::new(), String::new(), 0);
    loop {
        let answer = alice.get(&format!("{start}{next}")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let hits = answer.json["businesses"].as_array().expect("a list").clone();
        names.extend(hits.iter().map(|hit| hit["name"].as_str().expect("a name").to_owned()));
        // Moved behind the walk and before it, removed, and one that comes in between.
        alice.with_body("PUT", &path(&ids[page]), &business("moved on", 295.0)).await;
        alice.with_body("PUT", &path(&ids[29 - page]), &business("moved back", 0.5)).await;
        alice.send(alice.request("DELETE", &path(&ids[20 + page]))).await;
        alice.create(&business("new", 200.5)).await;
        page += 1;
        match answer.json["next_cursor"].as_str() {
            Some(cursor) => next = format!("&cursor={cursor}"),
            None => break,
        }
    }
    // 0 to 19 were all shown before anything happened to them, or nothing did.
    let unchanged: Vec<_> = (0..20).map(|n| format!("{n:02}")).collect();
    let shown: Vec<_> = names.iter().filter(|name| unchanged.contains(name)).cloned().collect();
    assert_eq!(shown, unchanged, "{names:?}");
    let mut once = names.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), names.len(), "nothing twice, nothing new: {names:?}");
}
