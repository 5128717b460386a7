//! What a search tells, and of which businesses.

use e2e::Sandbox;
use serde_json::{Value, json};

use super::world::{HERE, business, header, owner};

/// Saturday, 21 November 2026, 01:59:59 and 02:00:00 in Los Angeles.
const JUST_OPEN_MS: i64 = 1_795_255_199_000;
const JUST_CLOSED_MS: i64 = 1_795_255_200_000;

#[tokio::test]
async fn only_what_is_known_to_be_open_then_is_found_also_after_midnight() {
    let world = Sandbox::start().await;
    let alice = owner(&world, "alice");
    let mut bar = business("bar", 0.0);
    let friday = json!([{ "day": 5, "opens": "18:00", "closes": "02:00" }]);
    bar["opening_hours"] = json!({ "time_zone": "America/Los_Angeles", "week": friday });
    alice.create(&bar).await;
    let mut closed = business("never open", 1.0);
    closed["opening_hours"] = json!({ "time_zone": "UTC", "week": [] });
    alice.create(&closed).await;
    alice.create(&business("who knows", 2.0)).await;
    assert_eq!(alice.names_near("").await, ["bar", "never open", "who knows"]);
    assert_eq!(alice.names_near(&format!("&open_at={JUST_OPEN_MS}")).await, ["bar"]);
    assert!(alice.names_near(&format!("&open_at={JUST_CLOSED_MS}")).await.is_empty());
}

#[tokio::test]
async fn a_search_tells_the_fields_that_were_asked_for() {
    let world = Sandbox::start().await;
    let alice = owner(&world, "alice");
    let mut noodles = business("Noodles", 30.0);
    noodles["phone"] = json!("1");
    noodles["attributes"] = json!({ "wifi": "yes" });
    let id = alice.create(&noodles).await;
    let near = format!("/v1/search/nearby?latitude={}&longitude={}", HERE.0, HERE.1);
    let told = async |fields: &str| {
        let answer = alice.get(&format!("{near}{fields}")).await;
        assert!(header(&answer, "cache-control").starts_with("private, max-age="), "{answer:?}");
        assert_eq!(header(&answer, "vary"), "authorization, x-freshness");
        let hit = &answer.json["businesses"][0];
        assert_eq!(hit["id"], id);
        assert!(hit["distance_m"].as_f64().is_some_and(|metres| (metres - 30.0).abs() < 0.2));
        let mut names: Vec<_> = hit.as_object().expect("a hit").keys().cloned().collect();
        names.retain(|name| !matches!(name.as_str(), "id" | "distance_m"));
        names.sort();
        (names.join(","), answer.json["total"].clone())
    };
    assert_eq!(told("").await, ("name,position".to_owned(), Value::Null));
    assert_eq!(told("&fields=id,distance_m&total=true").await, (String::new(), json!(1)));
    assert_eq!(told("&fields=name").await.0, "name");
    // The address isn't on record.
    let all =
        "&fields=name,position,categories,address,opening_hours,phone,site,attributes,version";
    assert_eq!(told(all).await.0, "attributes,categories,name,phone,position,version");
    assert_eq!(told("&fields=phone,address").await.0, "phone");
}
