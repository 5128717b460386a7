use http::StatusCode;

use super::sandbox::Sandbox;

#[tokio::test]
async fn every_format_is_chosen_by_accept() {
    let world = Sandbox::new().await;
    world.keep("ann", 0..2).await;
    let ann = world.user("ann");
    for (accept, media_type, begins) in [
        ("*/*", "application/json", r#"{"user":"ann","points":[{"#),
        ("application/json", "application/json", r#"{"user":"ann","points":[{"#),
        ("application/x-ndjson", "application/x-ndjson", r#"{"latitude":48.1,"#),
        ("application/geo+json", "application/geo+json", r#"{"type":"FeatureCollection","#),
        ("application/gpx+xml", "application/gpx+xml", "<?xml "),
        ("text/csv", "text/csv; charset=utf-8", "user,ts,lat,lon,"),
        ("text/*", "text/csv; charset=utf-8", "user,ts,lat,lon,"),
        ("application/json;q=0.1, text/csv;q=0.2", "text/csv; charset=utf-8", "user,"),
        ("text/html, application/gpx+xml;q=0.9, */*;q=0.8", "application/gpx+xml", "<?xml "),
    ] {
        let answer = ann.get_as(accept, "me/track").await;
        assert_eq!(answer.status, StatusCode::OK, "{accept}");
        assert_eq!(answer.headers["content-type"], media_type, "{accept}");
        assert!(answer.text.starts_with(begins), "{accept}: {}", answer.text);
        assert_eq!(answer.headers["x-incomplete"], "false");
        assert!(answer.headers.contains_key("x-complete-until-ms"));
    }
    assert_eq!(ann.get("me/track").await.headers["content-type"], "application/json");
}

#[tokio::test]
async fn a_format_that_there_is_not_is_refused_with_those_that_there_are() {
    let world = Sandbox::new().await;
    for accept in ["text/html", "image/*", "text/csv;q=0", ""] {
        let answer = world.user("ann").get_as(accept, "me/track").await;
        let detail = answer.refused(406, "not_acceptable");
        assert!(detail.contains("application/gpx+xml"), "{detail}");
    }
    let summary = world.user("ann").get_as("text/csv", "me/track/summary").await;
    summary.refused(406, "not_acceptable");
}
