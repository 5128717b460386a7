use std::sync::Arc;
use std::time::Duration;

use axum::routing::get;
use axum::{Json, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use serde::Serialize;
use tokio::net::TcpListener;

use crate::Done;

#[derive(Serialize)]
struct Hit {
    id: String,
    distance_m: f64,
    name: String,
    position: Point,
}

#[derive(Serialize)]
struct Point {
    latitude: f64,
    longitude: f64,
}

#[derive(Serialize)]
struct Page {
    businesses: Vec<Hit>,
    next_cursor: String,
}

/// Serves until it is killed, with connections as the service has them and nothing else.
pub(crate) async fn serve(kind: &str, address: &str) -> Done {
    let router = match kind {
        "empty" => Router::new().route("/v1/search/nearby", get(async || {})),
        "named" => {
            let page = Arc::new(Page { businesses: hits(), next_cursor: "e".repeat(100) });
            let answer = move || std::future::ready(Json(Arc::clone(&page)));
            Router::new().route("/v1/search/nearby", get(answer))
        }
        _ => return Err("a baseline is empty or named".into()),
    };
    let listener = TcpListener::bind(address).await?;
    println!("listens on {}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let service = TowerToHyperService::new(router.clone());
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(Duration::from_secs(10))
            .max_buf_size(128 * 1024)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        // Errors are clients that went away.
        tokio::spawn(async move { drop(connection.await) });
    }
}

/// As long as real ones are.
fn hits() -> Vec<Hit> {
    let hit = |n: u32| Hit {
        id: format!("0a1b2c3d4e{n:03}"),
        distance_m: 12.345 * f64::from(n + 1),
        name: format!("A Business With A Name {n:02}"),
        position: Point {
            latitude: 36.123_456 + f64::from(n) / 1_000.0,
            longitude: -115.123_456 - f64::from(n) / 1_000.0,
        },
    };
    (0..20).map(hit).collect()
}
