use super::sandbox::{NOW, Sandbox};

#[tokio::test]
async fn parameters_that_can_not_be_are_refused_by_name() {
    let world = Sandbox::new().await;
    for (query, code) in [
        ("from=", "invalid_time"),
        ("from=abc", "invalid_time"),
        ("from=1.5.5", "invalid_time"),
        ("from=1e300", "invalid_time"),
        ("from=%2B5", "invalid_time"),
        ("from=-", "invalid_time"),
        ("from=9223372036854775808", "invalid_time"),
        ("to=18446744073709551616", "invalid_time"),
        ("to=2026-11-27T00:00:00Z", "invalid_time"),
        ("from=5&to=5", "invalid_range"),
        ("from=6&to=5", "invalid_range"),
        ("order=", "invalid_order"),
        ("order=ASC", "invalid_order"),
        ("order=up", "invalid_order"),
        ("limit=0", "invalid_limit"),
        ("limit=-1", "invalid_limit"),
        ("limit=10001", "invalid_limit"),
        ("limit=1000000000", "invalid_limit"),
        ("limit=99999999999999999999", "invalid_limit"),
        ("limit=abc", "invalid_limit"),
        ("limit=", "invalid_limit"),
        ("cursor=", "invalid_cursor"),
        ("cursor=abc", "invalid_cursor"),
        ("resolution=", "invalid_resolution"),
        ("resolution=5", "invalid_resolution"),
        ("resolution=0m", "invalid_resolution"),
        ("resolution=5km", "invalid_resolution"),
        ("resolution=NaNm", "invalid_resolution"),
        ("max_points=1", "invalid_max_points"),
        ("max_points=0", "invalid_max_points"),
        ("max_points=10001", "invalid_max_points"),
        ("max_points=abc", "invalid_max_points"),
        ("max_points=5&limit=5", "invalid_parameter"),
        ("limit=1&limit=1", "invalid_parameter"),
        ("since=5", "invalid_parameter"),
    ] {
        let answer = world.user("ann").get(&format!("me/track?{query}")).await;
        let detail = answer.refused(400, code);
        let name = query.split('=').next().unwrap_or_default();
        let is_named =
            detail.contains(name) || code == "invalid_range" || code == "invalid_parameter";
        assert!(is_named, "{query}: {detail}");
    }
    for query in ["limit=1", "limit=10000", "max_points=2", "max_points=10000", "order=desc"] {
        world.user("ann").get(&format!("me/track?{query}")).await.ok(200);
    }
}

#[tokio::test]
async fn formats_without_pages_take_no_limit() {
    let world = Sandbox::new().await;
    for query in ["limit=5", "cursor=x"] {
        let path = format!("me/track?{query}");
        let answer = world.user("ann").get_as("text/csv", &path).await;
        assert!(answer.refused(400, "invalid_parameter").contains("application/json"));
    }
}

#[tokio::test]
async fn a_cursor_of_another_track_or_order_is_refused() {
    let world = Sandbox::new().await;
    world.keep("ann", 0..3).await;
    let page = world.user("ann").get("me/track?limit=1").await.ok(200);
    let cursor = page["next_cursor"].as_str().expect("more").to_owned();
    let path = format!("me/track?cursor={cursor}");
    assert_eq!(world.user("ann").get(&path).await.seconds(), [1, 2]);
    assert_eq!(world.service().get(&format!("ann/track?cursor={cursor}")).await.seconds(), [1, 2]);
    world.user("bob").get(&path).await.refused(400, "invalid_cursor");
    let turned = format!("{path}&order=desc");
    world.user("ann").get(&turned).await.refused(400, "invalid_cursor");
    let mut changed = path.into_bytes();
    let last = changed.len() - 5;
    changed[last] = if changed[last] == b'A' { b'B' } else { b'A' };
    let changed = String::from_utf8(changed).expect("ASCII");
    world.user("ann").get(&changed).await.refused(400, "invalid_cursor");
}

#[tokio::test]
async fn ids_that_can_not_be_are_refused() {
    let world = Sandbox::new().await;
    for id in ["a%00b", "%0A", "%FF", &"x".repeat(10_000)] {
        let answer = world.service().get(&format!("{id}/track")).await;
        assert!([400, 414].contains(&answer.status.as_u16()), "{id}: {}", answer.text);
    }
}

#[tokio::test]
async fn the_edges_of_time_are_as_good_as_any() {
    let world = Sandbox::new().await;
    let (first, last) = (-62_000_000_000 - NOW / 1_000, 4_000_000_000);
    world.keep("ann", [first, 0, last]).await;
    let ann = world.user("ann");
    assert_eq!(ann.get("me/track").await.seconds(), [first, 0, last]);
    for accept in ["application/gpx+xml", "text/csv", "application/geo+json"] {
        ann.get_as(accept, "me/track").await;
    }
}
