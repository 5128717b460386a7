//! Real servers, as processes of their own, which go with the test however it ends. One that isn't installed is a
//! failure that says what to install.

mod cassandra;
mod certificate;
mod postgres;
mod proxy;
mod redis;
mod server_dir;

pub use cassandra::Cassandra;
pub use certificate::{
    make as make_certificate, make_expired as make_expired_certificate,
    make_for as make_certificate_for,
};
pub use postgres::Postgres;
pub use proxy::Proxy;
pub use redis::Redis;

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// Where the ports of servers are: below those that Linux gives to outgoing connections (from 32,768 on), so that none
/// is taken while its server restarts.
const PORT_FIRST: u16 = 15_000;
const PORTS: u16 = 15_000;

/// A port on which nobody listens, also after a while.
pub fn free_port() -> u16 {
    static TRIED: AtomicU16 = AtomicU16::new(0);
    // Processes of tests that run at the same time begin at different places.
    let start = (std::process::id().wrapping_mul(101) % u32::from(PORTS)) as u16;
    let mut ports = std::iter::repeat_with(|| {
        let tried = TRIED.fetch_add(1, Ordering::Relaxed) % PORTS;
        PORT_FIRST + (start + tried) % PORTS
    });
    let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    ports.by_ref().take(usize::from(PORTS)).find(is_free).expect("some port is free")
}
