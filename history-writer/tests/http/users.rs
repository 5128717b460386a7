use serde_json::{Value, json};

use super::sandbox::{NOW, Sandbox};

/// Everybody on the list, so many at a time.
async fn walk(world: &Sandbox, limit: usize) -> Vec<String> {
    let (mut users, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = world.service().get(&format!("/v1/tracks?limit={limit}{cursor}")).await.ok(200);
        assert_eq!(page["complete_until_ms"], NOW);
        let found = page["users"].as_array().expect("a list");
        users.extend(found.iter().filter_map(Value::as_str).map(str::to_owned));
        let Some(next) = page["next_cursor"].as_str() else { return users };
        cursor = format!("&cursor={next}");
    }
}

#[tokio::test]
async fn everybody_is_listed_who_has_a_track_stored_or_not() {
    let world = Sandbox::new().await;
    let everybody = ["Zoe", "ann", "ben|2", "cid"];
    // A full chunk is stored at once, so that some have keys and some have points in the log only.
    for user in ["ann", "cid"] {
        world.keep(user, 0..60).await;
    }
    world.stored(2).await;
    for user in ["ann", "ben|2", "Zoe"] {
        world.keep(user, 100..102).await;
    }
    for limit in [1, 2, 3, 4, 500] {
        assert_eq!(walk(&world, limit).await, everybody, "{limit} at a time");
    }
    let world = world.restarted().await;
    assert_eq!(walk(&world, 2).await, everybody);
    let whole = world.service().get("/v1/tracks").await.ok(200);
    assert_eq!((&whole["incomplete"], &whole["next_cursor"]), (&json!(false), &Value::Null));
    assert!(whole.get("incomplete_because").is_none(), "{whole}");
}

#[tokio::test]
async fn whose_track_is_erased_is_not_listed_once_nothing_of_it_waits() {
    let world = Sandbox::new().await;
    for user in ["ann", "ben"] {
        world.keep(user, 0..60).await;
    }
    world.stored(2).await;
    world.service().delete("ann/track").await.ok(204);
    let seen = walk(&world, 5).await;
    assert!(seen.contains(&"ben".to_owned()), "{seen:?}");
    assert!(world.service().get("ann/track").await.seconds().is_empty());
}

#[tokio::test]
async fn only_services_see_the_list() {
    let world = Sandbox::new().await;
    world.keep("ann", 0..3).await;
    for client in [world.user("ann"), world.operator()] {
        client.get("/v1/tracks").await.refused(403, "forbidden");
    }
    for query in ["limit=0", "limit=501", "limit=x", "cursor=x", "user=ann"] {
        let answer = world.service().get(&format!("/v1/tracks?{query}")).await;
        assert_eq!(answer.status, 400, "{query}: {}", answer.text);
    }
}
