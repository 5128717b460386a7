use history_writer::Kept;

use super::sandbox::{Sandbox, id};

#[tokio::test]
async fn a_person_turns_their_history_off_and_on() {
    let world = Sandbox::new().await;
    let ann = world.user("ann");
    assert_eq!(ann.get("me/track/settings").await.ok(200)["enabled"], true);
    world.keep("ann", 0..3).await;
    let turned = ann.put("me/track/settings", r#"{"enabled":false}"#).await;
    assert_eq!(turned.ok(200)["enabled"], false);
    assert_eq!(ann.get("me/track/settings").await.ok(200)["enabled"], false);
    world.clock.advance_ms(1_000);
    let kept = world.history.keep(&id("ann"), &[world.point(5)]).await;
    assert_eq!(kept, Kept::Nothing);
    assert_eq!(ann.get("me/track").await.seconds(), [0, 1, 2], "what was kept stays");
    world.clock.advance_ms(1_000);
    ann.put("me/track/settings", r#"{"enabled":true}"#).await.ok(200);
    world.clock.advance_ms(1_000);
    world.keep("ann", 10..12).await;
    assert_eq!(ann.get("me/track").await.seconds(), [0, 1, 2, 10, 11]);
}

#[tokio::test]
async fn a_choice_is_a_boolean_and_nothing_else() {
    let world = Sandbox::new().await;
    for body in
        ["{}", "[]", "null", r#"{"enabled":"no"}"#, r#"{"enabled":null}"#, r#"{"enabled":0}"#]
    {
        let answer = world.user("ann").put("me/track/settings", body).await;
        assert_eq!(answer.status, 400, "{body}: {}", answer.text);
    }
    let more = r#"{"enabled":false,"since":1}"#;
    assert_eq!(world.user("ann").put("me/track/settings", more).await.status, 400);
    assert_eq!(world.user("ann").get("me/track/settings").await.ok(200)["enabled"], true);
}
