mod extremes;

use super::*;

#[tokio::test]
async fn a_node_says_that_it_can_not_go_on_when_a_task_has_died() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let mut config = Config::default();
    config.http.listen.set_port(0);
    config.operations.listen.set_port(0);
    config.data.dir = dir.path().to_owned();
    let node = Node::start(config).await.expect("it starts");
    let soon = Duration::from_millis(300);
    assert!(tokio::time::timeout(soon, node.dead()).await.is_err(), "nothing has died yet");
    node.readiness.supervise("test", Ends::Never, async { panic!("as the test wants") });
    let dead = tokio::time::timeout(Duration::from_secs(20), node.dead()).await;
    assert_eq!(dead.expect("at once"), "test");
    assert!(!node.readiness.parts()["test"]);
}
