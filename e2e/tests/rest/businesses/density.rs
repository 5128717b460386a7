//! `GET /v1/search/density`: what a map is told, and what it is refused.

use e2e::Sandbox;
use e2e::raw::assert_problem;
use serde_json::{Value, json};

use super::world::{Client, business, header, owner, path};

/// An example of H3's documentation: a position, and its cell of resolution 7.
const EXAMPLE: (f64, f64) = (37.361_559_3, -122.055_323_8);
const EXAMPLE_CELL: &str = "87283472bffffff";
/// Around it.
const BAY: &str = "south=37&west=-122.5&north=37.6&east=-121.8";

const WORLD: &str = "south=-90&west=-180&north=90&east=180";

fn at(latitude: f64, longitude: f64) -> Value {
    let mut body = business("A", 0.0);
    body["position"] = json!({ "latitude": latitude, "longitude": longitude });
    body
}

async fn density(client: &Client<'_>, query: &str) -> Value {
    let answer = client.get(&format!("/v1/search/density?{query}")).await;
    assert_eq!(answer.status, 200, "{query}: {answer:?}");
    answer.json
}

/// The cells that are told, with their counts.
async fn cells(client: &Client<'_>, query: &str) -> Vec<(String, u64)> {
    let told = density(client, query).await;
    let cells = told["cells"].as_array().expect("a list").iter().map(|cell| {
        let count = cell["businesses"].as_u64().expect("a number");
        (cell["cell"].as_str().expect("text").to_owned(), count)
    });
    let cells: Vec<_> = cells.collect();
    assert!(cells.is_sorted_by(|a, b| a.0 < b.0), "{cells:?}");
    let digit = format!("8{:x}", told["resolution"].as_u64().expect("a number"));
    assert!(cells.iter().all(|(cell, count)| cell.starts_with(&digit) && *count > 0), "{cells:?}");
    cells
}

#[tokio::test]
async fn a_cell_counts_the_businesses_that_are_in_it_now() {
    let world = Sandbox::start().await;
    let alice = owner(&world, "alice");
    let query = format!("{BAY}&resolution=7");
    assert_eq!(cells(&alice, &query).await, []);
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(alice.create(&at(EXAMPLE.0, EXAMPLE.1)).await);
    }
    assert_eq!(cells(&alice, &query).await, [(EXAMPLE_CELL.to_owned(), 3)]);

    // A read that asks for the state after a write sees it.
    let body = at(37.1, -122.2).to_string();
    let moved = alice.send(alice.request("PUT", &path(&ids[0])).json(body)).await;
    let fresh = header(&moved, "x-freshness");
    let again = alice.request("GET", &format!("/v1/search/density?{query}"));
    let answer = alice.send(again.with("x-freshness", fresh)).await;
    assert_eq!(answer.json["cells"].as_array().map(Vec::len), Some(2), "{answer:?}");
    assert!(header(&answer, "cache-control").starts_with("private, max-age="), "{answer:?}");
    assert_eq!(header(&answer, "vary"), "authorization, x-freshness");

    for id in &ids[1..] {
        assert_eq!(alice.send(alice.request("DELETE", &path(id))).await.status, 204);
    }
    let left = cells(&alice, &query).await;
    assert!(left.len() == 1 && left[0].0 != EXAMPLE_CELL && left[0].1 == 1, "{left:?}");
}

#[tokio::test]
async fn a_map_that_asks_for_no_resolution_gets_one_that_suits() {
    let world = Sandbox::start().await;
    let alice = owner(&world, "alice");
    alice.create(&at(EXAMPLE.0, EXAMPLE.1)).await;
    let here = |degrees: f64| {
        let (latitude, longitude) = EXAMPLE;
        format!(
            "south={}&west={}&north={}&east={}",
            latitude - degrees,
            longitude - degrees,
            latitude + degrees,
            longitude + degrees
        )
    };
    let mut told = Vec::new();
    for degrees in [20.0, 2.0, 0.2, 0.02, 0.002, 0.0] {
        let query = here(degrees);
        told.push(density(&alice, &query).await["resolution"].as_u64().expect("a number"));
        assert_eq!(cells(&alice, &query).await.len(), 1, "{degrees}");
    }
    assert_eq!(told, [2, 4, 7, 9, 11, 11]);
    assert_eq!(density(&alice, WORLD).await["resolution"], 0);
}

#[tokio::test]
async fn poles_and_the_antimeridian_are_places_like_others() {
    let world = Sandbox::start().await;
    let alice = owner(&world, "alice");
    for (latitude, longitude) in
        [(90.0, 0.0), (90.0, 123.4), (-90.0, 77.0), (0.0, 180.0), (0.0, -180.0), (0.0, 179.99)]
    {
        alice.create(&at(latitude, longitude)).await;
    }
    for (query, expected) in [
        ("south=89.99&west=-5&north=90&east=5&resolution=11", vec![2]),
        ("south=-90&west=12&north=-90&east=12&resolution=11", vec![1]),
        ("south=-0.001&west=179.999&north=0.001&east=-179.999&resolution=11", vec![2]),
        ("south=0&west=180&north=0&east=-180&resolution=11", vec![2]),
        ("south=-0.0&west=-180&north=1e-320&east=-180&resolution=11", vec![2]),
        ("south=-1&west=-179.9&north=1&east=179.9&resolution=0", vec![3]),
        ("south=-1&west=-90&north=1&east=90", vec![]),
        (WORLD, vec![1, 2, 3]),
    ] {
        let mut counts: Vec<_> =
            cells(&alice, query).await.into_iter().map(|(_, count)| count).collect();
        counts.sort_unstable();
        assert_eq!(counts, expected, "{query}");
    }
}

#[tokio::test]
async fn viewports_that_can_not_be_are_refused_by_name() {
    let world = Sandbox::start().await;
    let alice = owner(&world, "alice");
    let with = |rest: &str| format!("{BAY}&{rest}");
    let edges = |south: &str, west: &str, north: &str, east: &str| {
        format!("south={south}&west={west}&north={north}&east={east}")
    };
    let world_at = |resolution: u8| format!("{WORLD}&resolution={resolution}");
    let cases = [
        (String::new(), "invalid_parameter", "south"),
        ("south=1&west=1&north=2".to_owned(), "invalid_parameter", "east"),
        (edges("x", "0", "1", "1"), "invalid_parameter", "south"),
        (edges("0", "", "1", "1"), "invalid_parameter", "west"),
        (edges("NaN", "0", "1", "1"), "invalid_viewport", "latitudes"),
        (edges("0", "0", "90.0001", "1"), "invalid_viewport", "latitudes"),
        (edges("-91", "0", "1", "1"), "invalid_viewport", "latitudes"),
        (edges("0", "-180.1", "1", "1"), "invalid_viewport", "longitudes"),
        (edges("0", "0", "1", "Infinity"), "invalid_viewport", "longitudes"),
        (edges("0", "0", "1", "1e400"), "invalid_viewport", "longitudes"),
        (edges("1", "0", "0.999", "1"), "invalid_viewport", "south must not"),
        (with("south=37"), "invalid_parameter", "south"),
        (with("resolution=7&resolution=7"), "invalid_parameter", "resolution"),
        (with("resolution=-1"), "invalid_resolution", "0 to 11"),
        (with("resolution=12"), "invalid_resolution", "0 to 11"),
        (with("resolution=abc"), "invalid_resolution", "0 to 11"),
        (with("resolution="), "invalid_resolution", "0 to 11"),
        (with("resolution=7.5"), "invalid_resolution", "0 to 11"),
        (with("resolution=%2B7"), "invalid_resolution", "0 to 11"),
        (with("resolution=18446744073709551616"), "invalid_resolution", "0 to 11"),
        (with("category=Food"), "invalid_parameter", "unknown field `category`"),
        (with("resolution=11"), "too_many_cells", "resolution 7 or a coarser one"),
        (world_at(11), "too_many_cells", "resolution 1 or a coarser one"),
        (world_at(2), "too_many_cells", "more than 4096 cells of resolution 2"),
    ];
    for (query, code, words) in cases {
        let answer = alice.get(&format!("/v1/search/density?{query}")).await;
        assert_problem(&query, &answer, (400, code, words));
    }
    for coarser in [with("resolution=7"), world_at(1)] {
        density(&alice, &coarser).await;
    }
    let stale = alice.request("GET", &format!("/v1/search/density?{BAY}"));
    let answer = alice.send(stale.with("x-freshness", "yesterday")).await;
    assert_problem("freshness", &answer, (400, "invalid_freshness", "x-freshness"));
    let anonymous = world.request("GET", &format!("/v1/search/density?{BAY}"), None).await;
    assert_problem("anonymous", &anonymous, (401, "no_token", ""));
    let post = alice.send(alice.request("POST", "/v1/search/density").json("{}")).await;
    assert_eq!(post.status, 405, "{post:?}");
}
