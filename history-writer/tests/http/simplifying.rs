use super::sandbox::Sandbox;

#[tokio::test]
async fn points_on_a_line_are_left_out() {
    let world = Sandbox::new().await;
    world.keep("ann", 0..3_000).await;
    let ann = world.user("ann");
    let page = ann.get("me/track?resolution=20m&limit=500").await;
    let seconds = page.seconds();
    assert!(seconds.len() < 10 && seconds.first() == Some(&0) && seconds.last() == Some(&499));
    assert_eq!(page.json()["tolerance_m"], 20);
    assert!(page.json()["next_cursor"].is_string(), "there is more, whatever was left out");
    let every = ann.get("me/track?resolution=60s&limit=301").await.seconds();
    assert_eq!(every, [0, 60, 120, 180, 240, 300]);
}

#[tokio::test]
async fn a_greatest_number_of_points_is_of_the_whole_track() {
    let world = Sandbox::new().await;
    world.keep("ann", 0..5_000).await;
    let ann = world.user("ann");
    for few in [2, 3, 10] {
        let answer = ann.get(&format!("me/track?max_points={few}")).await;
        let seconds = answer.seconds();
        assert!((2..=few).contains(&seconds.len()), "{seconds:?}");
        assert_eq!((seconds[0], seconds.last()), (0, Some(&4_999)));
        assert!(answer.json()["next_cursor"].is_null());
        let tolerance_m = answer.json()["tolerance_m"].as_f64();
        assert!(tolerance_m.is_some_and(|metres| metres < 200.0), "{few}: {tolerance_m:?}");
    }
    let all = ann.get("me/track?max_points=10000").await;
    assert_eq!(all.seconds().len(), 5_000);
    let csv = ann.get_as("text/csv", "me/track?max_points=2&order=desc").await;
    assert_eq!(csv.text.lines().count(), 3);
}
