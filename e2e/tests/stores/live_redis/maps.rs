//! Gateways that place users by different shard maps would not see each other's, without any error: they are told apart.

use super::*;

/// Another list of the same servers.
fn heavier(world: &World) -> World {
    let mut config = world.config.clone();
    config.shards[0].weight = 2;
    World { clock: world.clock.clone(), random: world.random.clone(), config }
}

/// The same map as the world's, but later.
fn later(world: &World, file: &std::path::Path) -> World {
    let map = heavier(world).config.shard_map().expect("a map").to_toml();
    std::fs::write(file, map.replace("epoch = 1", "epoch = 2")).expect("written");
    let mut later = heavier(world);
    later.config.shard_map_file = Some(file.to_owned());
    later
}

async fn refused(world: &World) -> String {
    match world.connect().await {
        Ok(_) => panic!("it was let in"),
        Err(error) => ErrorChain(&error).to_string(),
    }
}

#[tokio::test]
async fn a_gateway_with_another_list_of_servers_does_not_start_beside_others() {
    let [first, second] = servers().await;
    let world = World::over(&[first.url(), second.url()]);
    let [one] = world.gateways().await;
    let said = refused(&heavier(&world)).await;
    let digests =
        [&world, &heavier(&world)].map(|world| world.config.shard_map().expect("a map").digest());
    for told in digests {
        assert!(said.contains(&told.to_string()), "{said} lacks {told}");
    }
    assert!(said.contains("epoch 1") && said.contains("redis-cli DEL whereabouts:map"), "{said}");
    let shard = &heavier(&world).config.shards[0];
    let checked = Servers::check(shard, &heavier(&world).config, &*world.random).await;
    let error = checked.expect_err("check-config finds it in write");
    assert!(error.to_string().contains("gateways with another shard map work here"), "{error}");
    // Those who were there first go on.
    world.announce(&one, "alice", 1).await;
    eventually("all well", || one.live.fault().is_none()).await;
}

#[tokio::test]
async fn a_map_of_a_higher_epoch_takes_over_and_the_gateways_of_before_take_nothing_more() {
    let [first, second] = servers().await;
    let mut world = World::over(&[first.url(), second.url()]);
    world.config.patience_ms = 1_000;
    let [old] = world.gateways().await;
    world.announce(&old, "alice", 1).await;
    let file = tempfile::NamedTempFile::new().expect("a file");
    let later = later(&world, file.path());
    let [new] = later.gateways().await;
    let refused = old.live.announce(world.sighting("alice", 2), 0).await.expect_err("another map");
    assert!(refused.to_string().contains("another shard map"), "{refused}");
    eventually("both servers refuse", || {
        old.live.unfit().is_some_and(|why| why.contains("epoch 2"))
    })
    .await;
    later.announce(&new, "alice", 3).await;
    assert_eq!(new.read("alice").await, Some(3));
}

#[tokio::test]
async fn the_map_of_gateways_that_are_gone_can_be_forgotten() {
    let [first, second] = servers().await;
    let world = World::over(&[first.url(), second.url()]);
    let [one] = world.gateways().await;
    drop(one);
    for server in [&first, &second] {
        let left_ms: i64 = server.run("PTTL whereabouts:map").await;
        assert!((1..=60_000).contains(&left_ms), "it is remembered for {left_ms} ms");
        let () = server.run("DEL whereabouts:map").await;
    }
    let [other] = heavier(&world).gateways().await;
    eventually("all well", || other.live.fault().is_none()).await;
}

#[tokio::test]
async fn a_map_that_was_forgotten_while_gateways_run_is_said_again() {
    let [server] = servers().await;
    let world = World::over(&[server.url()]);
    let [one] = world.gateways().await;
    let () = server.run("DEL whereabouts:map").await;
    // Whatever comes first, a fix or a probe, notices; nobody is refused.
    world.announce(&one, "alice", 1).await;
    let held: String = server.run("GET whereabouts:map").await;
    let map = world.config.shard_map().expect("a map");
    assert_eq!(held, format!("1-{}", map.digest()));
}

#[tokio::test]
async fn a_redis_cluster_is_refused_with_what_to_do() {
    // Its bus would take the port 10,000 further on, which somebody's connection may have.
    let bus = e2e::servers::free_port().to_string();
    let server = Redis::start_with(&["--cluster-enabled", "yes", "--cluster-port", &bus]).await;
    let world = World::over(&[server.url()]);
    let said = refused(&world).await;
    assert!(said.contains("Redis Cluster") && said.contains("cluster-enabled no"), "{said}");
    let checked = Servers::check(&world.config.shards[0], &world.config, &*world.random).await;
    assert!(
        checked.is_err_and(|error| ErrorChain(&error).to_string() == said),
        "check-config says otherwise"
    );
}

#[tokio::test]
async fn what_a_user_may_not_do_is_found_by_a_check() {
    let server = Redis::start().await;
    let rules = "ACL SETUSER app on >secret ~whereabouts:* &whereabouts@* +@all -publish";
    let () = server.run(rules).await;
    let world = World::over(&[format!("redis://app:secret@127.0.0.1:{}", server.port())]);
    let checked = Servers::check(&world.config.shards[0], &world.config, &*world.random).await;
    assert!(
        checked.is_err_and(|error| ErrorChain(&error).to_string().contains("publish")),
        "it was found to be in write"
    );
}
