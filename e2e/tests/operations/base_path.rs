//! A service under a path: a proxy has others at the root.

use e2e::Sandbox;
use serde_json::json;

async fn under(path: &str) -> Sandbox {
    Sandbox::with(|config| path.clone_into(&mut config.http.base_path)).await
}

#[tokio::test]
async fn requests_are_taken_with_the_path_and_without() {
    let world = under("/geo").await;
    for (path, status) in [
        ("/geo/live", 204),
        ("/live", 204),
        ("/geo/ready", 200),
        ("/geo/openapi.json", 200),
        ("/openapi.json", 200),
        ("/geo/docs/", 200),
        ("/geo/v1/users/alice", 401),
        ("/geometry/live", 404),
        ("/geo/geo/live", 404),
        ("/geo//live", 400),
        ("/geo/../live", 400),
        ("/geo", 404),
        ("/geo/", 404),
    ] {
        assert_eq!(world.request("GET", path, None).await.status, status, "{path}");
    }
    for path in ["/geo/v1/users/alice", "/v1/users/alice"] {
        let name = json!({ "display_name": "Alice" });
        let answer = world.as_service("PUT", path, Some(name)).await;
        assert!(answer.status < 300, "{path}: {answer:?}");
    }
}

#[tokio::test]
async fn links_begin_with_it() {
    let world = under("/apps/geo/").await;
    let description = world.request("GET", "/apps/geo/openapi.json", None).await.json;
    assert_eq!(description["servers"], json!([{ "url": "/apps/geo" }]));
    let problem = world.request("GET", "/apps/geo/v1/nothing", None).await.json;
    assert_eq!(problem["type"], "/apps/geo/problems/no_such_path");
    let docs = world.request("GET", "/apps/geo/docs", None).await;
    if let Some(location) = docs.headers.get("location") {
        let location = location.to_str().expect("text");
        assert!(
            !location.starts_with('/') || location.starts_with("/apps/geo/docs/"),
            "{location}"
        );
    }
    let position = json!({ "latitude": 36.17, "longitude": -115.14 });
    let business =
        json!({ "name": "Bakery", "categories": ["Food / Bakery"], "position": position });
    let made = world.as_service("POST", "/apps/geo/v1/businesses", Some(business)).await;
    let location = made.headers["location"].to_str().expect("text").to_owned();
    assert!(location.starts_with("/apps/geo/v1/businesses/"), "{made:?}");
    assert_eq!(world.as_service("GET", &location, None).await.status, 200);
}

#[tokio::test]
async fn at_the_root_nothing_is_added() {
    let world = Sandbox::start().await;
    let description = world.request("GET", "/openapi.json", None).await.json;
    assert!(description["servers"].is_null(), "{}", description["servers"]);
    let problem = world.request("GET", "/v1/nothing", None).await.json;
    assert_eq!(problem["type"], "/problems/no_such_path");
}
