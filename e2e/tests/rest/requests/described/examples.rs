//! A right body of every operation that takes one.

use e2e::Sandbox;
use model::Role;
use serde_json::{Value, json};

/// A right request, which may be sent again and again.
pub(super) struct Example {
    /// As the description has it.
    pub(super) method: &'static str,
    pub(super) template: &'static str,
    /// With an id in it.
    pub(super) path: String,
    pub(super) role: Role,
    pub(super) body: Value,
    /// Members that are maps of the client's own names, or the client's own words.
    pub(super) own: &'static [&'static str],
}

const TIME_MS: i64 = 1_700_000_000_000;

fn interval() -> Value {
    json!({ "day": 1, "opens": "09:00", "closes": "17:00" })
}

fn business() -> Value {
    json!({
        "name": "Lotus", "categories": ["Food / Thai"], "address": "620 E Flamingo Rd",
        "position": { "latitude": 36.5, "longitude": -115.25 },
        "opening_hours": { "time_zone": "UTC", "week": [interval()] },
        "phone": "1", "site": "https://lotus.example", "attributes": { "cards": "all" },
    })
}

fn board() -> Value {
    json!({
        "wins": "high", "operator": "sum", "ranks": "standard", "readers": "anyone",
        "score_min": 0, "score_max": 1_000_000, "id": "weekly",
        "season": {
            "cron": "0 0 * * mon", "time_zone": "UTC", "grace_ms": 1_000, "archives": 3,
            "rewards": [
                { "from_rank": 1, "to_rank": 2, "data": { "a": 1 } },
                { "top_percent": 5, "data": { "a": 1 } },
            ],
        },
        "current_season": { "number": 0, "starts_ms": 0, "ends_ms": null, "closes_ms": null, "state": "open" },
    })
}

fn ending_board() -> Value {
    let mut body = board();
    body["id"] = json!("once");
    // The year 2100.
    body["season"] = json!({ "ends_ms": 4_102_444_800_000_i64, "grace_ms": 1_000, "rewards": [] });
    body
}

fn event(key: &str) -> Value {
    json!({ "key": key, "happened_ms": null, "board": "weekly", "user": "mallory", "delta": 5 })
}

/// Of all operations; the user, the board and the business that they name are made.
pub(super) async fn all(world: &Sandbox) -> Vec<Example> {
    world.user("mallory").await;
    for (name, body) in [("weekly", board()), ("once", ending_board())] {
        let path = format!("/v1/boards/{name}");
        let made = world.as_service("PUT", &path, Some(body)).await;
        assert_eq!(made.status, 201, "{made:?}");
    }
    let token = world.token("root", Role::Operator);
    let made = world.with_token(&token, "POST", "/v1/businesses", Some(business())).await;
    let id = made.json["id"].as_str().unwrap_or_else(|| panic!("{made:?}")).to_owned();
    let changes = json!({
        "key": "k1",
        "changes": [
            { "board": "weekly", "user": "mallory", "delta": 5 },
            { "board": "weekly", "user": "bob", "delta": 5 },
        ],
    });
    let point = json!({
        "time_ms": TIME_MS, "latitude": 36.5, "longitude": -115.25, "device": "phone", "seq": 7,
        "accuracy_m": 5, "altitude_m": 5, "speed_mps": 5, "heading_deg": 5, "battery_percent": 5,
    });
    let example = |method, template: &'static str, role, body| Example {
        method,
        template,
        path: template.replace("{user}", "mallory").replace("{business}", &id),
        role,
        body,
        own: &["attributes", "data"],
    };
    let on = |name: &str, example: Example| Example {
        path: example.template.replace("{board}", name),
        ..example
    };
    let (service, operator) = (Role::Service, Role::Operator);
    vec![
        example("put", "/v1/users/{user}", service, json!({ "display_name": "M" })),
        example("put", "/v1/users/{user}/radius", service, json!({ "radius_m": 500 })),
        example("post", "/v1/users/{user}/friend-requests", service, json!({ "to": "bob" })),
        example("put", "/v1/users/{user}/track/settings", service, json!({ "enabled": true })),
        example("post", "/v1/users/{user}/track", service, json!({ "points": [point] })),
        example("post", "/v1/businesses", operator, business()),
        example("put", "/v1/businesses/{business}", operator, business()),
        example("patch", "/v1/businesses/{business}", operator, business()),
        example("put", "/v1/businesses/{business}/owner", operator, json!({ "owner": "mallory" })),
        on("weekly", example("put", "/v1/boards/{board}", service, board())),
        on("once", example("put", "/v1/boards/{board}", service, ending_board())),
        example("post", "/v1/scores", service, event("k0")),
        example("post", "/v1/scores", service, changes),
        example("post", "/v1/scores", service, json!({ "events": [event("k2"), event("k3")] })),
    ]
}
