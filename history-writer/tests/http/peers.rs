//! The endpoint at which processes ask each other, as somebody sees it who isn't one.

use history_writer::{QUESTION_BYTES_MAX, WAITING_PATH};

use super::sandbox::Sandbox;

#[tokio::test]
async fn whoever_does_not_have_the_deployments_key_learns_nothing() {
    let world = Sandbox::new().await;
    world.keep("ann", 0..3).await;
    let long = "a".repeat(QUESTION_BYTES_MAX + 1);
    for question in ["", "{\"user\": \"ann\"}", "\u{1}abcdnonce...sealed with nothing", &long] {
        let why = world.service().post(WAITING_PATH, question).await.refused(403, "not_ours");
        assert!(why.contains("history.key_files"), "{why}");
    }
    world.service().get(WAITING_PATH).await.refused(405, "method_not_allowed");
}
