//! `whereabouts import places`, as an operator uses it.

use e2e::process::{Ended, Home, run};
use e2e::raw::Request;
use model::Role;
use serde_json::json;

use super::world::{path, send};

const PLACES: &str = "\
id,name,category,lat,lon
1,Noodles,Food / Thai,36.1699,-115.1398
2,,Food,36.1699,-115.1398
3,Cakes,Food / Bakery,36.17,-115.1398
";

async fn import(home: &Home, text: &str) -> Ended {
    let file = home.data().with_file_name("places.csv");
    std::fs::write(&file, text).expect("a folder that can be written to");
    let (file, data) = (file.display().to_string(), home.data().display().to_string());
    run(&["import", "places", &file, "--data", &data]).await
}

#[tokio::test]
async fn places_are_imported_and_lines_that_are_none_are_named() {
    let home = Home::new("");
    let first = import(&home, PLACES).await;
    assert_eq!(first.code, Some(1), "{first:?}");
    assert!(first.log.contains("places.csv: line 3: name is blank"), "{first:?}");
    assert!(first.output.contains("Places of places: 2 new, 0 changed, 0 as they were"));
    assert!(first.output.contains("1 refused"), "{first:?}");

    let right = PLACES.replace("2,,Food", "2,Tea,Food");
    let second = import(&home, &right).await;
    assert_eq!(second.code, Some(0), "{second:?}");
    assert!(second.output.contains("1 new, 0 changed, 2 as they were"), "{second:?}");
    let third = import(&home, &right.replace("Cakes", "Bread")).await;
    assert!(third.output.contains("0 new, 1 changed, 2 as they were"), "{third:?}");
}

#[tokio::test]
async fn a_place_with_an_owner_is_left_to_them_and_a_folder_in_use_to_its_service() {
    let home = Home::new("");
    import(&home, PLACES).await;
    let node = home.start().await;
    let (root, alice) = (node.token("root", Role::Operator), node.token("alice", Role::User));
    let near = "/v1/search/nearby?latitude=36.1699&longitude=-115.1398&limit=1";
    let found = send(node.address(), Request::new("GET", near).bearer(&alice)).await;
    let id = found.json["businesses"][0]["id"].as_str().expect("found").to_owned();
    let assign = Request::new("PUT", &format!("{}/owner", path(&id))).bearer(&root);
    let assigned = send(node.address(), assign.json(json!({ "owner": "alice" }).to_string())).await;
    assert_eq!(assigned.status, 200, "{assigned:?}");

    let refused = import(&home, PLACES).await;
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.log.contains("another process uses the data folder"), "{refused:?}");
    node.kill().await;
    let done = import(&home, &PLACES.replace("Noodles", "Soups")).await;
    assert!(done.output.contains("1 as they were, 1 left to their owners"), "{done:?}");

    let node = home.start().await;
    let read = send(node.address(), Request::new("GET", &path(&id)).bearer(&alice)).await;
    assert_eq!((&read.json["name"], &read.json["owner"]), (&json!("Noodles"), &json!("alice")));
    assert_eq!(read.json["source"], json!({ "name": "places", "id": "1" }));
}
