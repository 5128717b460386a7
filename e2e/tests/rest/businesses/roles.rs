//! Where businesses are served.

use e2e::Sandbox;
use e2e::process::{Home, run};

#[tokio::test]
async fn one_process_that_does_everything_serves_businesses_and_watches_over_them() {
    let world = Sandbox::start().await;
    let answer = world.as_service("GET", "/v1/businesses?owner=me", None).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let parts = world.request("GET", "/ready", None).await.json["parts"].clone();
    assert!(parts["businesses"].is_boolean(), "{parts}");
    assert!(world.data_dir().join("proximity.sqlite").exists());
}

#[tokio::test]
async fn businesses_of_one_process_are_not_served_by_several() {
    let ended = Home::new("roles = [\"businesses\"]\n").fail().await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.log.contains("backends.businesses = \"postgres\""), "{ended:?}");
}

#[tokio::test]
async fn settings_that_can_not_work_are_refused() {
    let ended = Home::new("[proximity]\nradius_m_default = 30000\n").fail().await;
    assert!(ended.log.contains("proximity.radius_m_default"), "{ended:?}");
    let ended = Home::new("[backends]\nbusinesses = \"mysql\"\n").fail().await;
    assert!(ended.log.contains("mysql") && ended.log.contains("embedded"), "{ended:?}");
    let ended = run(&["import", "places", "x.xlsx"]).await;
    assert!(ended.log.contains("--format"), "{ended:?}");
}
