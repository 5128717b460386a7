//! Passwords, users, TLS, databases, prefixes; and what is said when they are wrong.

use super::*;

async fn refused(world: &World) -> String {
    match world.connect().await {
        Ok(_) => panic!("it was let in"),
        Err(error) => ErrorChain(&error).to_string(),
    }
}

async fn works(world: &World) {
    let [one, two] = world.gateways().await;
    two.subscribe(&["alice"]).await;
    world.announce(&one, "alice", 1).await;
    two.until_heard("alice", 1).await;
    assert_eq!(two.read("alice").await, Some(1));
}

#[tokio::test]
async fn a_password_is_needed_and_may_come_from_a_file() {
    let server = Redis::start_with_password("swordfish").await;
    works(&World::over(&[server.url()])).await;

    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "swordfish\n").expect("written");
    let mut world = World::over(&[format!("redis://127.0.0.1:{}", server.port())]);
    let said = refused(&world).await;
    assert!(said.contains("wants a password"), "{said}");
    world.config.shards[0].password_file = Some(file.path().to_owned());
    works(&world).await;

    let said = refused(&World::over(&[format!("redis://:tuna@127.0.0.1:{}", server.port())])).await;
    assert!(said.contains("password is wrong") && !said.contains("tuna"), "{said}");
}

#[tokio::test]
async fn a_user_needs_no_more_rights_than_documented() {
    let server = Redis::start().await;
    let readme = include_str!("../../../../README.md");
    let (_, rights) = readme.split_once("`~PREFIX:*").expect("the README says which");
    let (rights, _) = rights.split_once('`').expect("all of them");
    // Rights that older servers don't know, and that are needed for nothing but a name.
    let rights = rights.replace("PREFIX", "whereabouts").replace("+client|setinfo", "");
    let rights = rights.split_whitespace().collect::<Vec<_>>().join(" ");
    let user = "ACL SETUSER app on >secret resetkeys ~whereabouts:* resetchannels nocommands";
    let () = server.run(&format!("{user} {rights}")).await;
    works(&World::over(&[format!("redis://app:secret@127.0.0.1:{}", server.port())])).await;
    let said =
        refused(&World::over(&[format!("redis://app:wrong@127.0.0.1:{}", server.port())])).await;
    assert!(said.contains("password is wrong"), "{said}");
}

#[tokio::test]
async fn tls_is_spoken_with_an_authority_of_ones_own() {
    let server = Redis::start_with_tls().await;
    let mut world = World::over(&[server.url()]);
    refused(&world).await;
    world.config.shards[0].tls_ca_file = Some(server.authority());
    works(&world).await;
}

#[tokio::test]
async fn databases_and_prefixes_keep_deployments_on_one_server_apart() {
    let server = Redis::start().await;
    let mut other_prefix = World::over(&[server.url()]);
    other_prefix.config.key_prefix = "another".to_owned();
    let other_database = World::over(&[format!("{}/3", server.url())]);
    let world = World::over(&[server.url()]);
    let [one, two] = world.gateways().await;
    for stranger in [other_prefix, other_database] {
        let [stranger_one, stranger_two] = stranger.gateways().await;
        stranger_two.subscribe(&["alice", "end"]).await;
        two.subscribe(&["alice"]).await;
        world.announce(&one, "alice", 1).await;
        two.until_heard("alice", 1).await;
        stranger.announce(&stranger_one, "end", 9).await;
        stranger_two.until_heard("end", 9).await;
        assert!(!stranger_two.ear.0.borrow().newest.contains_key(&channel("alice")));
        assert_eq!(stranger_two.read("alice").await, None);
    }
}

#[tokio::test]
async fn an_absent_server_is_named() {
    let port = e2e::servers::free_port();
    let said = refused(&World::over(&[format!("redis://127.0.0.1:{port}")])).await;
    assert!(said.contains(&format!("redis a at 127.0.0.1:{port}: can't be reached")), "{said}");
}
