use history_writer::Kept;
use serde_json::{Value, json};

use super::sandbox::{NOW, Sandbox, id};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

fn point(time_ms: i64, seq: u64) -> Value {
    json!({ "time_ms": time_ms, "latitude": 48.1, "longitude": 11.5, "device": "logger", "seq": seq })
}

fn body(points: &[Value]) -> String {
    json!({ "points": points }).to_string()
}

#[tokio::test]
async fn points_of_any_age_are_in_the_track_once_however_often_they_are_posted() {
    let mut world = Sandbox::new().await;
    let (old, future) = (-30_000 * DAY_MS + NOW, NOW + 30_000 * DAY_MS);
    let mut whole = point(NOW, 7);
    whole["altitude_m"] = json!(519.25);
    let points = [point(old, 1), point(future, 2), whole, point(NOW, 7)];
    for _ in 0..2 {
        let outcomes = world.service().post("ann/track", &body(&points)).await.ok(200);
        let kept: Vec<_> = outcomes["points"].as_array().expect("points").iter().collect();
        assert!(kept.len() == 4 && kept.iter().all(|it| it["kept"] == true), "{outcomes}");
        world.clock.advance_ms(1_000);
        let track = world.user("ann").get("me/track").await.ok(200);
        let times: Vec<_> = track["points"].as_array().expect("points").iter().collect();
        let times: Vec<_> =
            times.iter().map(|it| it["time_ms"].as_i64().expect("a time")).collect();
        assert_eq!(times, [old, NOW, future]);
        assert!(track.to_string().contains("imported"), "{track}");
        world = world.restarted().await;
    }
}

#[tokio::test]
async fn a_point_that_cannot_be_is_refused_by_itself() {
    let world = Sandbox::new().await;
    let but = |name: &str, value: Value| {
        let mut changed = point(NOW, 1);
        changed[name] = value;
        changed
    };
    for (wrong, code) in [
        (but("time_ms", json!(1e18)), "invalid_time"),
        (but("latitude", json!(90.1)), "invalid_position"),
        (but("device", json!("a b")), "invalid_device"),
        (but("seq", json!(1.5)), "invalid_seq"),
        (but("seq", json!(-1)), "invalid_seq"),
        (but("speed_mps", json!(-1)), "invalid_value"),
    ] {
        let answer =
            world.service().post("ann/track", &body(&[wrong, point(NOW, 2)])).await.ok(200);
        assert_eq!(answer["points"][0]["kept"], false, "{code}: {answer}");
        assert_eq!(answer["points"][0]["problem"]["code"], code, "{answer}");
        assert_eq!(answer["points"][1], json!({ "kept": true }));
    }
    assert_eq!(world.user("ann").get("me/track").await.seconds(), [0]);
}

#[tokio::test]
async fn only_services_post_and_only_so_much() {
    let world = Sandbox::new().await;
    let one = body(&[point(NOW, 1)]);
    for client in [world.user("ann"), world.user("bob"), world.operator()] {
        client.post("ann/track", &one).await.refused(403, "forbidden");
    }
    let many: Vec<_> = (0..257)
        .map(|n| {
            json!({
                "time_ms": n, "latitude": 1, "longitude": 1, "device": "d", "seq": n,
            })
        })
        .collect();
    for points in [&[][..], &many] {
        world.service().post("ann/track", &body(points)).await.refused(400, "invalid_points");
    }
    world.service().post("ann/track", &body(&many[..256])).await.ok(200);
    // What is no point is refused by itself.
    let answer = world.service().post("ann/track", r#"{"points":[{},7]}"#).await.ok(200);
    for point in [0, 1] {
        assert_eq!(answer["points"][point]["problem"]["code"], "invalid_point", "{answer}");
    }
    for wrong in [r#"{"points":1}"#, "[]", r#"{"points":[],"more":1}"#] {
        let answer = world.service().post("ann/track", wrong).await;
        assert_eq!(answer.status, 400, "{wrong}: {}", answer.text);
    }
}

#[tokio::test]
async fn nothing_is_posted_into_a_history_that_is_off() {
    let world = Sandbox::new().await;
    world.user("ann").put("me/track/settings", r#"{"enabled":false}"#).await.ok(200);
    world.clock.advance_ms(1_000);
    assert_eq!(world.history.keep(&id("ann"), &[world.point(5)]).await, Kept::Nothing);
    let answer = world.service().post("ann/track", &body(&[point(NOW, 1)])).await;
    answer.refused(409, "history_off");
}
