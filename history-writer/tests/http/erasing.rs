use super::sandbox::{NOW, Sandbox};

fn at(second: i64) -> i64 {
    NOW + second * 1_000
}

#[tokio::test]
async fn a_stretch_is_gone_at_once_and_after_a_restart() {
    let mut world = Sandbox::new().await;
    world.keep("ann", 0..130).await;
    world.stored(2).await;
    let path = format!("me/track?from={}&to={}", at(10), at(120));
    // It may be repeated.
    for _ in 0..2 {
        world.user("ann").delete(&path).await.ok(204);
    }
    let left: Vec<i64> = (0..10).chain(120..130).collect();
    for _ in 0..2 {
        assert_eq!(world.user("ann").get("me/track").await.seconds(), left);
        assert_eq!(world.user("ann").get("me/track/summary").await.ok(200)["points"], 20);
        world = world.restarted().await;
    }
}

#[tokio::test]
async fn with_all_of_it_the_rest_goes_on() {
    let mut world = Sandbox::new().await;
    world.keep("ann", 0..130).await;
    world.keep("bob", 0..3).await;
    world.stored(2).await;
    world.user("ann").delete("me/track").await.ok(204);
    assert!(world.user("ann").get("me/track").await.seconds().is_empty());
    // Received later.
    world.clock.advance_ms(1);
    world.keep("ann", [5, 200]).await;
    for _ in 0..2 {
        assert_eq!(world.user("ann").get("me/track").await.seconds(), [5, 200]);
        assert_eq!(world.user("bob").get("me/track").await.seconds(), [0, 1, 2]);
        world = world.restarted().await;
    }
}

#[tokio::test]
async fn one_bound_is_enough() {
    let world = Sandbox::new().await;
    world.keep("ann", 0..10).await;
    world.user("ann").delete(&format!("me/track?from={}", at(8))).await.ok(204);
    world.user("ann").delete(&format!("me/track?to={}", at(2))).await.ok(204);
    assert_eq!(world.user("ann").get("me/track").await.seconds(), [2, 3, 4, 5, 6, 7]);
    world.user("ann").delete("me/track?from=0").await.ok(204);
    assert!(world.user("ann").get("me/track").await.seconds().is_empty());
}

#[tokio::test]
async fn what_is_probably_another_unit_erases_nothing() {
    let world = Sandbox::new().await;
    world.keep("ann", 0..3).await;
    for wrong in [
        "from=1700000000",
        "to=1700000000000000",
        "from=1",
        "from=-1",
        "from=1700000000000&to=1700000001000000",
    ] {
        let path = format!("me/track?{wrong}");
        let detail = world.user("ann").delete(&path).await.refused(400, "invalid_time");
        assert!(detail.contains("milliseconds"), "{wrong}: {detail}");
    }
    assert_eq!(world.user("ann").get("me/track").await.seconds(), [0, 1, 2]);
}

#[tokio::test]
async fn too_many_stretches_apart_are_refused_and_one_that_covers_them_is_not() {
    let world = Sandbox::new().await;
    world.keep("ann", [0, 10_000]).await;
    let ann = world.service();
    let mut refused = None;
    for n in 0..=history_writer::ERASURES_MAX as i64 {
        let path = format!("ann/track?from={}&to={}", at(20 * n + 5), at(20 * n + 6));
        let answer = ann.delete(&path).await;
        if answer.status != 204 {
            refused = Some(answer);
        }
    }
    let detail = refused.expect("too many").refused(409, "too_many_erasures");
    assert!(detail.contains("256"), "{detail}");
    assert_eq!(ann.get("ann/track").await.seconds(), [0, 10_000]);
    ann.delete(&format!("ann/track?to={}", at(9_000))).await.ok(204);
    assert_eq!(ann.get("ann/track").await.seconds(), [10_000]);
}
