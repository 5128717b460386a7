use std::fmt;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;

/// Which server is meant, by which user, in words for people; no password.
pub(super) struct Endpoint {
    server: String,
    pub(super) user: String,
    pub(super) database: String,
    pub(super) has_password: bool,
    pub(super) connect_timeout: Duration,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.server)
    }
}

impl Endpoint {
    pub(super) fn new(
        options: &PgConnectOptions,
        has_password: bool,
        connect_timeout: Duration,
    ) -> Self {
        let host = match options.get_socket() {
            Some(folder) => folder.display().to_string(),
            None => options.get_host().to_owned(),
        };
        Self {
            server: format!("{host}:{}", options.get_port()),
            user: options.get_username().to_owned(),
            database: options.get_database().unwrap_or_default().to_owned(),
            has_password,
            connect_timeout,
        }
    }
}
