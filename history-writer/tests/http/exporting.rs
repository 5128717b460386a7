use std::collections::BTreeMap;

use api::export::{Next, PART_BYTES_MAX, Piece};
use futures_util::StreamExt as _;
use serde_json::Value;

use super::sandbox::{NOW, Sandbox, id, seconds};

/// The files of a piece.
async fn files(world: &Sandbox, user: &str) -> BTreeMap<String, String> {
    let piece = &world.history;
    let mut parts = piece.read(&id(user));
    let (mut files, mut name) = (BTreeMap::new(), None);
    while let Some(part) = parts.next().await {
        match part.expect("goes on") {
            Next::File(begun) => {
                assert!(begun.starts_with(piece.name()), "{begun}");
                assert!(files.insert(begun.clone(), String::new()).is_none(), "{begun} twice");
                name = Some(begun);
            }
            Next::Content(part) => {
                assert!(part.bytes.len() <= PART_BYTES_MAX);
                let file = files.get_mut(name.as_ref().expect("a name first")).expect("begun");
                file.push_str(std::str::from_utf8(&part.bytes).expect("UTF-8"));
            }
        }
    }
    files
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[tokio::test]
async fn a_person_is_given_all_that_is_held() {
    let world = Sandbox::new().await;
    // From the 14th of November 2023 on, into December.
    let month = 30 * 24 * 3_600;
    world.keep("ann", (0..5_000).chain(month..month + 3)).await;
    world.keep("bob", 0..3).await;
    let path = format!("me/track?from={}&to={}", NOW, NOW + 1_000);
    world.user("ann").delete(&path).await.ok(204);
    let off = r#"{"enabled":false}"#;
    world.user("ann").put("me/track/settings", off).await.ok(200);
    let files = files(&world, "ann").await;
    let settings = json(&files["history/settings.json"]);
    assert_eq!(settings["enabled"], false);
    assert_eq!(settings["erased"][0]["from_ms"], NOW);
    let of = |name: &str| -> Vec<Value> { files[name].lines().map(json).collect() };
    assert!(seconds(&of("history/track/2023-11.ndjson")).into_iter().eq(1..5_000));
    assert_eq!(seconds(&of("history/track/2023-12.ndjson")), [month, month + 1, month + 2]);
    assert_eq!(json(&files["history/track.json"])["incomplete"], false);
    assert_eq!(files.len(), 4);
}

#[tokio::test]
async fn of_a_stranger_there_is_nothing() {
    let world = Sandbox::new().await;
    let files = files(&world, "nobody").await;
    assert_eq!(files.keys().collect::<Vec<_>>(), ["history/settings.json", "history/track.json"]);
}
