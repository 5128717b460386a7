use super::sandbox::{NOW, Sandbox};

#[tokio::test]
async fn a_track_is_summed_up() {
    let world = Sandbox::new().await;
    world.keep("ann", 0..5_000).await;
    let summary = world.user("ann").get("me/track/summary").await.ok(200);
    assert_eq!(summary["points"], 5_000);
    assert_eq!(
        (&summary["first_ms"], &summary["last_ms"]),
        (&NOW.into(), &(NOW + 4_999_000).into())
    );
    assert_eq!(summary["duration_ms"], 4_999_000);
    let distance_m = summary["distance_m"].as_f64().expect("metres");
    // 7.44 m a second along the parallel, straight.
    assert!((distance_m - 4_999.0 * 7.44).abs() < 60.0, "{distance_m}");
    let mean = summary["speed_mean_mps"].as_f64().expect("a speed");
    assert!((mean - 7.44).abs() < 0.1, "{mean}");
    assert_eq!(summary["bounds"]["south"], 48.1);
    assert_eq!(
        (&summary["bounds"]["west"], &summary["bounds"]["east"]),
        (&11.5.into(), &11.9999.into())
    );
    assert_eq!(summary["incomplete"], false);
}

#[tokio::test]
async fn of_nothing_it_is_empty_and_a_range_cuts_it() {
    let world = Sandbox::new().await;
    let empty = world.user("ann").get("me/track/summary").await.ok(200);
    for name in ["first_ms", "last_ms", "speed_max_mps", "speed_mean_mps", "bounds"] {
        assert!(empty[name].is_null(), "{name}: {empty}");
    }
    assert_eq!((&empty["points"], &empty["distance_m"]), (&0.into(), &0.0.into()));
    world.keep("ann", 0..10).await;
    let path = format!("me/track/summary?from={}&to={}", NOW + 2_000, NOW + 5_000);
    assert_eq!(world.user("ann").get(&path).await.ok(200)["points"], 3);
}
