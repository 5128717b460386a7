use super::sandbox::Sandbox;

const PATHS: [&str; 3] = ["track", "track/summary", "track/settings"];

#[tokio::test]
async fn only_they_themselves_and_services_have_a_track() {
    let world = Sandbox::new().await;
    world.keep("ann", 0..3).await;
    for path in PATHS {
        for mine in ["me", "ann"] {
            world.user("ann").get(&format!("{mine}/{path}")).await.ok(200);
        }
        world.service().get(&format!("ann/{path}")).await.ok(200);
    }
    world.service().delete("ann/track").await.ok(204);
}

#[tokio::test]
async fn everybody_else_learns_nothing_not_even_whether_there_is_one() {
    let world = Sandbox::new().await;
    world.keep("ann", 0..3).await;
    for client in [world.user("bob"), world.operator()] {
        for path in PATHS {
            let theirs = client.get(&format!("ann/{path}")).await.refused(403, "forbidden");
            let nobodys = client.get(&format!("nobody/{path}")).await.refused(403, "forbidden");
            assert_eq!(theirs, nobodys);
        }
        client.delete("ann/track").await.refused(403, "forbidden");
        let off = r#"{"enabled":false}"#;
        client.put("ann/track/settings", off).await.refused(403, "forbidden");
    }
    assert_eq!(world.user("ann").get("me/track").await.seconds(), [0, 1, 2]);
}
