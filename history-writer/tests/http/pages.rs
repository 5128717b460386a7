use super::sandbox::{NOW, Sandbox};

#[tokio::test]
async fn a_track_is_read_page_by_page_in_either_order_also_after_a_restart() {
    let mut world = Sandbox::new().await;
    // Most of them are stored, the rest waits in the log.
    world.keep("ann", 0..250).await;
    world.keep("bob", 0..5).await;
    world.stored(4).await;
    for _ in 0..2 {
        for order in ["asc", "desc"] {
            let (mut all, mut pages, mut cursor) = (Vec::new(), 0, String::new());
            loop {
                let path = format!("me/track?order={order}&limit=100{cursor}");
                let page = world.user("ann").get(&path).await;
                all.extend(page.seconds());
                pages += 1;
                let Some(next) = page.json()["next_cursor"].as_str().map(str::to_owned) else {
                    break;
                };
                cursor = format!("&cursor={next}");
            }
            if order == "desc" {
                all.reverse();
            }
            assert!(all.into_iter().eq(0..250), "{order}");
            assert_eq!(pages, 3);
        }
        world = world.restarted().await;
    }
}

#[tokio::test]
async fn what_is_not_stored_yet_is_in_the_answer() {
    let world = Sandbox::new().await;
    world.keep("ann", 0..3).await;
    let page = world.user("ann").get("me/track").await;
    let body = page.ok(200);
    assert_eq!(page.seconds(), [0, 1, 2]);
    assert_eq!((&body["user"], &body["incomplete"]), (&"ann".into(), &false.into()));
    assert_eq!(page.headers["x-incomplete"], "false");
    let complete_until = body["complete_until_ms"].as_i64().expect("a time");
    assert_eq!(complete_until, NOW, "what isn't stored is read from the log");
    assert_eq!(page.headers["x-complete-until-ms"], complete_until.to_string());
    assert_eq!(page.headers["cache-control"], "no-store");
    assert_eq!(page.headers["vary"], "accept");
}

#[tokio::test]
async fn a_range_has_its_first_moment_and_not_its_last() {
    let world = Sandbox::new().await;
    world.keep("ann", 0..100).await;
    let at = |second: i64| NOW + second * 1_000;
    for (range, expected) in [
        (format!("from={}&to={}", at(10), at(13)), vec![10, 11, 12]),
        (format!("from={}&to={}", at(10) + 1, at(12) + 1), vec![11, 12]),
        (format!("from={}.0&to={}.0", at(10), at(13)), vec![10, 11, 12]),
        (format!("from={}.5&to={}.5", at(10), at(12)), vec![11, 12]),
        (format!("limit=2.0&to={}.906", at(1)), vec![0, 1]),
        (format!("from={}", at(98)), vec![98, 99]),
        (format!("to={}", at(2)), vec![0, 1]),
        (format!("from={}&to={}", i64::MIN, i64::MAX), (0..100).collect()),
        (format!("from=-1&to={}", at(1)), vec![0]),
        (format!("from={}", at(100)), vec![]),
        ("from=0&to=1".to_owned(), vec![]),
    ] {
        let page = world.user("ann").get(&format!("me/track?{range}")).await;
        assert_eq!(page.seconds(), expected, "{range}");
        assert!(page.json()["next_cursor"].is_null());
    }
}

#[tokio::test]
async fn who_has_no_track_has_an_empty_one() {
    let world = Sandbox::new().await;
    assert!(world.user("ann").get("me/track").await.seconds().is_empty());
    assert!(world.service().get("nobody/track").await.seconds().is_empty());
}
