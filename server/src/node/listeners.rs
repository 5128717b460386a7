use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use api::BasePath;
use model::Faults;

use crate::config::Config;
use crate::http::arrival::Arrival;
use crate::http::arrival::tls::Tls;
use crate::http::listener::{Listener, ListenerConfig, SocketOptions};
use crate::http::operations::OPERATIONS_CONNECTIONS_MAX;

/// The address of clients.
pub(super) fn main(
    config: &Config,
    base_path: &Arc<BasePath>,
    tls: Option<Arc<Tls>>,
) -> Result<Listener, String> {
    let (address, connections_max) = (config.http.listen, config.http.connections_max);
    let proxies = Arc::new(config.http.proxies()?);
    let proxy_protocol = config.http.proxy_protocol.then(|| proxies.clone());
    let arrival = Arrival { proxy_protocol, tls, base_path: base_path.clone() };
    Listener::bind(ListenerConfig {
        proxies,
        arrival,
        ..listener(config, address, connections_max)
    })
    .map_err(|error| taken(address, &error, "Choose another with --listen ADDRESS:PORT."))
}

/// What the settings name of TLS, read.
pub(crate) fn tls(config: &Config) -> Result<Option<Arc<Tls>>, Faults> {
    let mut faults = Faults::default();
    let files = faults.check(config.http.tls.pair().map_err(|rule| format!("http.{rule}")));
    let loaded =
        files.flatten().map(|(certificate, key)| Tls::load(certificate, key).map(Arc::new));
    match loaded.transpose() {
        Ok(tls) => faults.result().map(|()| tls),
        Err(all) => {
            all.iter().for_each(|why| faults.add(format!("http.tls: {why}")));
            Err(faults)
        }
    }
}

/// The operators' address, or a free port where another process has the default.
pub(super) fn operations(config: &Config, base_path: &Arc<BasePath>) -> Result<Listener, String> {
    let address = config.operations.listen;
    let bind = |address| {
        let arrival = Arrival { base_path: base_path.clone(), ..Arrival::default() };
        Listener::bind(ListenerConfig {
            arrival,
            ..listener(config, address, OPERATIONS_CONNECTIONS_MAX)
        })
    };
    let bound = bind(address).or_else(|error| {
        if config.operations.takes_any_port() && error.kind() == io::ErrorKind::AddrInUse {
            bind(SocketAddr::new(address.ip(), 0))
        } else {
            Err(error)
        }
    });
    bound.map_err(|error| taken(address, &error, "Choose another with operations.listen."))
}

fn listener(config: &Config, address: SocketAddr, connections_max: usize) -> ListenerConfig {
    let unacknowledged_ms = config.gateway.stuck_close_ms + config.gateway.ping_grace_ms;
    ListenerConfig {
        address,
        connections_max,
        head_timeout: Duration::from_millis(config.http.head_timeout_ms),
        socket: SocketOptions {
            unsent_bytes_max: config.gateway.unsent_bytes_max,
            unacknowledged_max: Duration::from_millis(unacknowledged_ms),
        },
        proxies: Arc::default(),
        arrival: Arrival::default(),
    }
}

fn taken(address: SocketAddr, error: &io::Error, what_to_do: &str) -> String {
    format!("can't listen on {address}: {error}. Is another process there? {what_to_do}")
}
