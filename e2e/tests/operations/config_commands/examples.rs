//! The examples of `ops/` can be used.

use std::path::{Path, PathBuf};

use server::{Config, LiveBackend, NodeRole};
use tokio::process::Command;

fn ops(name: &str) -> PathBuf {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    project.join("ops").join(name)
}

#[test]
fn the_settings_of_a_gateway_can_be_used() {
    let config = Config::load(&ops("gateway.toml")).expect("settings that work");
    assert_eq!(config.roles, [NodeRole::Gateway, NodeRole::Businesses, NodeRole::Leaderboard]);
    assert_eq!(config.backends.live, LiveBackend::Redis);
    assert!(config.backends.are_shared() && config.needs_data_dir(), "of movement history");
    assert_eq!(config.redis.shard_map().expect("a map").shards().len(), 3);
}

#[tokio::test]
async fn haproxy_understands_the_balancers_configuration() {
    let mut command = Command::new("haproxy");
    command.arg("-c").arg("-f").arg(ops("haproxy.cfg"));
    let places = ["BIND", "GATEWAY_1", "GATEWAY_2"];
    command.envs(places.map(|name| (name, "127.0.0.1:1")));
    let output = command.output().await.expect("haproxy runs; Debian's package is haproxy");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(!said.contains("WARNING"), "{said}");
}
