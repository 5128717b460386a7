//! What stands between clients and the service: proxies that say whose request it is.

use std::net::SocketAddr;

use e2e::Sandbox;
use e2e::raw::{Raw, Request};
use model::Role;
use serde_json::json;
use server::ClientHeader;

fn live(header: &str, value: &str) -> Vec<u8> {
    Request::new("GET", "/live").with(header, value).encode()
}

/// A connection on which a request has come that says so of itself, and which stays open.
async fn connection(address: SocketAddr, header: &str, value: &str) -> Raw {
    let mut raw = Raw::connect(address).await;
    assert!(is_open(&mut raw, header, value).await);
    raw
}

async fn is_open(raw: &mut Raw, header: &str, value: &str) -> bool {
    raw.send(&live(header, value)).await;
    raw.response().await.is_some_and(|answer| answer.status == 204)
}

/// A node with three places that believes proxies on this machine.
async fn behind_proxies(header: ClientHeader) -> Sandbox {
    Sandbox::with(|config| {
        config.http.connections_max = 3;
        config.http.trusted_proxies = ["127.0.0.0/8", "10.0.0.0/8"].map(str::to_owned).to_vec();
        config.http.client_header = header;
    })
    .await
}

#[tokio::test]
async fn clients_behind_a_proxy_are_told_apart_by_what_it_says() {
    for (setting, header, quiet, many) in [
        (
            ClientHeader::XForwardedFor,
            "X-Forwarded-For",
            "192.0.2.1",
            ["198.51.100.1, 10.0.0.1", "192.0.2.1, 198.51.100.1"],
        ),
        (
            ClientHeader::Forwarded,
            "Forwarded",
            "for=\"192.0.2.1:80\"",
            ["for=198.51.100.1, for=10.0.0.1", "for=192.0.2.1, for=198.51.100.1;proto=https"],
        ),
    ] {
        let world = behind_proxies(setting).await;
        let mut quiet_one = connection(world.address(), header, quiet).await;
        let mut first = connection(world.address(), header, many[0]).await;
        let mut second = connection(world.address(), header, many[1]).await;
        let mut newcomer = connection(world.address(), header, "garbage").await;
        assert!(is_open(&mut quiet_one, header, quiet).await, "{header}: whoever has one keeps it");
        assert!(!is_open(&mut first, header, many[0]).await, "{header}: the oldest of most goes");
        assert!(
            is_open(&mut second, header, many[1]).await && is_open(&mut newcomer, header, "").await
        );
    }
}

#[tokio::test]
async fn a_header_that_is_not_set_changes_nothing() {
    let world = behind_proxies(ClientHeader::Forwarded).await;
    let header = "X-Forwarded-For";
    let mut oldest = connection(world.address(), header, "192.0.2.1").await;
    let mut others = Vec::new();
    for _ in 0..3 {
        others.push(connection(world.address(), header, "198.51.100.1").await);
    }
    assert!(!is_open(&mut oldest, header, "192.0.2.1").await);
}

#[tokio::test]
async fn websockets_that_have_not_authenticated_count_by_the_client() {
    let world = Sandbox::with(|config| {
        config.gateway.unauthenticated_max = 3;
        config.http.trusted_proxies = vec!["127.0.0.1".to_owned()];
        config.http.client_header = ClientHeader::XForwardedFor;
    })
    .await;
    let open = async |client: &str| {
        let mut raw = Raw::connect(world.address()).await;
        raw.send(&Request::upgrade(None).with("X-Forwarded-For", client).encode()).await;
        assert_eq!(raw.response().await.expect("an answer").status, 101);
        raw
    };
    let mut quiet = open("192.0.2.1").await;
    let _many = [open("2001:db8::1").await, open("2001:db8::2").await, open("2001:db8::3").await];
    let token = world.token("alice", Role::User);
    quiet.send_text(&json!({ "type": "auth", "token": token }).to_string()).await;
    quiet.hear(|m| m["type"] == "welcome").await;
}
