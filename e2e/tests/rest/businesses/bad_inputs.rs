//! Bad inputs that concern businesses: payloads, nearby search, REST in general. What every REST endpoint has
//! in common (framing, slow bodies, headers) is tested once, in `requests`.

use e2e::Sandbox;
use e2e::raw::assert_problem;
use serde_json::{Value, json};

use super::world::{business, owner, path};

#[tokio::test]
async fn searches_that_can_not_be_are_refused_by_name() {
    let world = Sandbox::start().await;
    let alice = owner(&world, "alice");
    let long = "x".repeat(7_000);
    let here = "latitude=36.1&longitude=-115.1";
    let with = |rest: &str| format!("{here}&{rest}");
    let cases = [
        (String::new(), "invalid_parameter", "latitude"),
        ("latitude=36.1".to_owned(), "invalid_parameter", "longitude"),
        ("latitude=90.0001&longitude=0".to_owned(), "invalid_position", "latitude"),
        ("latitude=-90.1&longitude=0".to_owned(), "invalid_position", "latitude"),
        ("latitude=0&longitude=180.1".to_owned(), "invalid_position", "longitude"),
        ("latitude=NaN&longitude=0".to_owned(), "invalid_position", "latitude"),
        ("latitude=0&longitude=Infinity".to_owned(), "invalid_position", "longitude"),
        ("latitude=x&longitude=0".to_owned(), "invalid_parameter", "latitude"),
        (with("latitude=36.1"), "invalid_parameter", "latitude"),
        (with("radius=0"), "invalid_radius", "1 to 20000"),
        (with("radius=-1"), "invalid_radius", "1 to 20000"),
        (with("radius=0.999"), "invalid_radius", "1 to 20000"),
        (with("radius=20000.001"), "invalid_radius", "1 to 20000"),
        (with("radius=NaN"), "invalid_radius", "1 to 20000"),
        (with("radius=1e400"), "invalid_radius", "1 to 20000"),
        (with("radius="), "invalid_parameter", "radius"),
        (with("limit=0"), "invalid_limit", "1 to 100"),
        (with("limit=-1"), "invalid_limit", "1 to 100"),
        (with("limit=101"), "invalid_limit", "1 to 100"),
        (with("limit=1000000000"), "invalid_limit", "1 to 100"),
        (with("limit=18446744073709551616"), "invalid_limit", "1 to 100"),
        (with("limit=abc"), "invalid_limit", "1 to 100"),
        (with("limit=%2B5"), "invalid_limit", "1 to 100"),
        (with("limit="), "invalid_limit", "1 to 100"),
        (with("category="), "invalid_category", "blank"),
        (with("category=%00"), "invalid_category", "control"),
        (with(&format!("category={long}")), "invalid_category", "over 100"),
        (with("category=No+Such"), "unknown_category", "no business has"),
        (with("open_at=0"), "invalid_open_at", "milliseconds"),
        (with("open_at=-1"), "invalid_open_at", "milliseconds"),
        (with("open_at=1763700000"), "invalid_open_at", "milliseconds"),
        (with("open_at=1763700000000000"), "invalid_open_at", "milliseconds"),
        (with("open_at=9223372036854775808"), "invalid_open_at", "milliseconds"),
        (with("total=1"), "invalid_parameter", "total"),
        (with("fields="), "invalid_fields", "name"),
        (with("fields=owner"), "invalid_fields", "name"),
        (with("cursor="), "invalid_cursor", "cursor"),
        (with("cursor=AAAA"), "invalid_cursor", "cursor"),
        (with("order=up"), "invalid_parameter", "unknown field `order`"),
    ];
    for (query, code, words) in cases {
        let answer = alice.get(&format!("/v1/search/nearby?{query}")).await;
        let case = &query[..query.len().min(80)];
        assert_problem(case, &answer, (400, code, words));
    }
    let anonymous = world.request("GET", &format!("/v1/search/nearby?{here}"), None).await;
    assert_problem("anonymous", &anonymous, (401, "no_token", ""));
}

#[tokio::test]
async fn odd_places_are_searched_rightly() {
    let world = Sandbox::start().await;
    let alice = owner(&world, "alice");
    for (name, latitude, longitude) in [
        ("north", 90.0, 0.0),
        ("near north", 89.9999, 135.0),
        ("south", -90.0, 77.0),
        ("east", 0.0, 180.0),
        ("west of it", 0.0, 179.9999),
        ("east of it", 0.0, -179.9999),
        ("null", 0.0, 0.0),
        ("tiny", 1e-320, -0.0),
    ] {
        let mut body = business(name, 0.0);
        body["position"] = json!({ "latitude": latitude, "longitude": longitude });
        alice.create(&body).await;
    }
    for (place, expected) in [
        ("latitude=90&longitude=-12", vec!["near north", "north"]),
        ("latitude=-90&longitude=0", vec!["south"]),
        ("latitude=0&longitude=-180", vec!["east", "east of it", "west of it"]),
        ("latitude=0&longitude=180", vec!["east", "east of it", "west of it"]),
        ("latitude=-0.0&longitude=1e-320", vec!["null", "tiny"]),
    ] {
        let answer = alice.get(&format!("/v1/search/nearby?{place}&total=true")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let hits = answer.json["businesses"].as_array().expect("a list");
        let mut names: Vec<_> = hits.iter().filter_map(|hit| hit["name"].as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, expected, "{place}");
        assert_eq!(answer.json["total"], expected.len(), "{place}");
        assert_eq!(answer.json["next_cursor"], Value::Null, "{place}");
    }
}

#[tokio::test]
async fn a_cursor_is_for_its_own_search_only() {
    let world = Sandbox::start().await;
    let alice = owner(&world, "alice");
    for n in 0..3 {
        alice.create(&business("A", f64::from(n))).await;
    }
    let here = "/v1/search/nearby?latitude=36.1699&longitude=-115.1398&limit=1";
    let cursor = alice.get(here).await.json["next_cursor"].as_str().expect("more").to_owned();
    assert_eq!(alice.get(&format!("{here}&cursor={cursor}")).await.status, 200);
    let mut tampered = cursor.clone().into_bytes();
    let middle = tampered.len() / 2;
    tampered[middle] = if tampered[middle] == b'A' { b'B' } else { b'A' };
    let tampered = String::from_utf8(tampered).expect("ASCII");
    for query in [
        format!("{here}&cursor={tampered}"),
        format!("{here}&cursor={cursor}&radius=4999"),
        format!("{here}&cursor={cursor}&category=Food"),
        format!("/v1/search/nearby?latitude=36.17&longitude=-115.1398&cursor={cursor}"),
        format!("/v1/businesses?owner=me&cursor={cursor}"),
    ] {
        assert_problem(&query, &alice.get(&query).await, (400, "invalid_cursor", "cursor"));
    }
}

#[tokio::test]
async fn bodies_that_can_not_be_are_refused_and_change_nothing() {
    let world = Sandbox::start().await;
    let alice = owner(&world, "alice");
    let id = alice.create(&business("A", 0.0)).await;
    let known = alice.get(&path(&id)).await.json;
    let with = |field: &str, value: Value| {
        let mut body = business("B", 0.0);
        body[field] = value;
        body.to_string()
    };
    let hours = |zone: &str, day: u8, opens: &str| {
        let week = json!([{ "day": day, "opens": opens, "closes": "12:00" }]);
        with("opening_hours", json!({ "time_zone": zone, "week": week }))
    };
    let point = |latitude: Value| with("position", json!({ "latitude": latitude, "longitude": 0 }));
    let many: Vec<_> = (0..51).map(|n| (n.to_string(), json!("x"))).collect();
    let many = Value::Object(many.into_iter().collect());
    let twice = with("attributes", json!({ "k": 1 })).replace("\"k\":1", "\"k\":\"1\",\"k\":\"2\"");
    let cases = [
        (String::new(), "invalid_json", "empty"),
        ("null".to_owned(), "invalid_json", "object"),
        ("{}".to_owned(), "invalid_json", "name"),
        (with("owner", json!("bob")), "invalid_json", "owner"),
        (with("name", json!("")), "invalid_business", "name is blank"),
        (with("name", json!("a\0")), "invalid_business", "name has a control"),
        (with("name", json!("😀".repeat(2_560))), "invalid_business", "name is over 200"),
        (with("categories", json!([])), "invalid_business", "categories"),
        (with("categories", json!(["1", "2", "3", "4", "5", "6"])), "invalid_business", "1 to 5"),
        (with("categories", json!(["x".repeat(101)])), "invalid_business", "over 100"),
        (with("site", json!("javascript:alert(1)")), "invalid_business", "site"),
        (with("attributes", many), "invalid_business", "attributes"),
        (twice, "invalid_json", "twice"),
        (point(json!(90.0001)), "invalid_business", "latitude"),
        (point(json!("36")), "invalid_json", "position.latitude"),
        (point(Value::Null), "invalid_json", "position.latitude"),
        (point(json!(7)).replace(":7", ":1e400"), "invalid_json", "out of range"),
        (hours("Mars/Base", 1, "08:00"), "invalid_business", "time zone"),
        (hours("UTC", 8, "08:00"), "invalid_business", "day"),
        (hours("UTC", 1, "25:00"), "invalid_business", "opens"),
        (format!("{} x", business("B", 0.0)), "invalid_json", "goes on"),
    ];
    for (body, code, words) in cases {
        let case = body.chars().take(90).collect::<String>();
        for (method, place) in [("POST", "/v1/businesses".to_owned()), ("PUT", path(&id))] {
            let answer = alice.send(alice.request(method, &place).json(&body)).await;
            // What was read may be written back, as it was.
            let is_read_only = method == "PUT" && words == "owner";
            let code = if is_read_only { "read_only_field" } else { code };
            assert_problem(&case, &answer, (400, code, words));
        }
    }
    for (body, words) in [
        ("{\"name\":null}", "name"),
        ("{\"position\":null}", "position"),
        ("{\"position\":{\"latitude\":\"1\"}}", "position.latitude"),
        ("{\"attributes\":{\"a\":1}}", "attributes"),
    ] {
        let answer = alice.send(alice.request("PATCH", &path(&id)).json(body)).await;
        assert_problem(body, &answer, (400, "invalid_json", words));
    }
    assert_eq!(alice.get(&path(&id)).await.json, known);
    assert_eq!(alice.names_near("").await, ["A"]);
}

#[tokio::test]
async fn ids_and_lists_that_can_not_be_are_refused() {
    let world = Sandbox::start().await;
    let alice = owner(&world, "alice");
    for id in ["1", "me", "0123456789ABC", "%00", "zzzzzzzzzzzzz", &"0".repeat(5_000)] {
        let answer = alice.get(&path(id)).await;
        assert_eq!((answer.status, &answer.json["code"].is_string()), (400, &true), "{answer:?}");
    }
    let nobody = path("0000000000000");
    assert_problem("none", &alice.get(&nobody).await, (404, "no_such_business", ""));
    let put = alice.with_body("PUT", &nobody, &business("A", 0.0)).await;
    assert_problem("ids are the server's", &put, (404, "no_such_business", ""));
    for (query, code) in [
        ("", "invalid_parameter"),
        ("?owner=", "invalid_id"),
        ("?owner=me&owner=me", "invalid_parameter"),
        ("?owner=me&limit=501", "invalid_parameter"),
        ("/changes?after=x", "invalid_after"),
        ("/changes?after=1.2&after=1.2", "invalid_parameter"),
        ("/changes?limit=0", "invalid_parameter"),
    ] {
        let answer = alice.get(&format!("/v1/businesses{query}")).await;
        assert_problem(query, &answer, (400, code, ""));
    }
    let html = alice.request("GET", &nobody).with("Accept", "text/html");
    assert_problem("html", &alice.send(html).await, (406, "not_acceptable", ""));
    let trace = alice.send(alice.request("POST", &nobody).json("{}")).await;
    assert_eq!(trace.status, 405, "{trace:?}");
}
