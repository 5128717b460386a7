//! Open files: every connection is one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::config::Config;
use crate::http::listener::ENDING_MAX;
use crate::http::operations::OPERATIONS_CONNECTIONS_MAX;
use crate::parts;

/// Files that are open for other things than connections of clients: standard streams, the lock of the data folder, the listeners,
/// what the runtime waits with, the log, a file that is read now and then; connections of operators, and such as are ending.
const ALWAYS: u64 = 32 + (OPERATIONS_CONNECTIONS_MAX + 2 * ENDING_MAX) as u64;
/// Of what is left beside the service's own, one in so many is for connections over HTTP, if there aren't enough for all.
const HTTP_SHARE: u64 = 4;

/// Raises the process' soft limit of open files to its hard one. Answers the limit in force.
pub fn raise_limit() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    // No limit at all counts as a very large one.
    let hard = limit.maximum.unwrap_or(u64::MAX);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => hard,
        Err(_) => limit.current.unwrap_or(hard),
    }
}

/// The settings with as few connections of clients as fit into a limit of open files, beside all that the service opens
/// itself: so that a full service can still connect to its servers again.
pub(crate) fn fitted(mut config: Config, limit: u64) -> Config {
    let parts: u64 = parts::served(&config).map(|part| part.files_max(&config)).sum();
    let own = ALWAYS + parts;
    let left = limit.saturating_sub(own);
    let http = (left / HTTP_SHARE).min(config.http.connections_max as u64).max(1);
    let sessions = left.saturating_sub(http).min(config.gateway.sessions_max as u64).max(1);
    // Both are no more than what the settings say.
    config.http.connections_max = http as usize;
    config.gateway.sessions_max = sessions as usize;
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Config {
        toml::from_str(text).expect("valid TOML")
    }

    /// Connections over HTTP and sessions.
    fn fit(text: &str, limit: u64) -> (usize, usize) {
        let fitted = fitted(config(text), limit);
        (fitted.http.connections_max, fitted.gateway.sessions_max)
    }

    const SERVERS: &str = r#"
[backends]
live = "redis"
directory = "postgres"
businesses = "postgres"
[redis]
shards = [{ name = "a", url = "redis://a" }, { name = "b", url = "redis://b" }]
[postgres.directory]
connections_max = 20
[postgres.businesses]
replicas = ["postgres://u@a/d", "postgres://u@b/d"]
writers_max = 3
readers_max = 10
"#;

    #[test]
    fn what_the_settings_say_fits_into_a_large_limit() {
        assert_eq!(fit("", 1 << 20), (1_024, 100_000));
        assert_eq!(fit(SERVERS, u64::MAX), (1_024, 100_000));
    }

    #[test]
    fn every_connection_to_a_server_is_reserved_before_clients_have_theirs() {
        // Two servers of Redis with 4 each; 20, 4 and 2 to the directory; 3 that write, and 10 and 2 to each of three.
        let own = ALWAYS + 2 * 4 + 26 + 3 + 3 * 12;
        assert_eq!(fit(SERVERS, own + 1_024 + 5_000), (1_024, 5_000));
        assert_eq!(fit(SERVERS, own + 400), (100, 300));
        let gateway = format!("roles = [\"gateway\"]\n{SERVERS}");
        assert_eq!(fit(&gateway, own - 39 + 400), (100, 300));
    }

    #[test]
    fn embedded_stores_have_files_too() {
        assert_eq!(fit("", ALWAYS + 2 * 16 + 4 + 2 * 16 + 6 + 400), (100, 300));
    }

    #[test]
    fn somebody_is_served_however_small_the_limit_is() {
        assert_eq!(fit(SERVERS, 0), (1, 1));
        assert_eq!(fit("", 60), (1, 1));
    }
}
