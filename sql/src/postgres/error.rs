use std::io::ErrorKind;

use sqlx::Error::{BeginFailed, Io, PoolTimedOut, Protocol, Tls};

use super::server::Server;
use crate::StoreError;

/// The remedy for most of what can be wrong with a schema.
pub(super) const MIGRATE: &str = "run `whereabouts migrate --config FILE`";

/// What is said of a server that can't be written to.
pub(super) const IS_REPLICA: &str = "it is a replica; give the primary's address";

// PostgreSQL's codes (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
const READ_ONLY: &str = "25006";
const WRONG_PASSWORD: &str = "28P01";
const NOT_ADMITTED: &str = "28000";
const NO_SUCH_DATABASE: &str = "3D000";
const NOT_ALLOWED: &str = "42501";
const NO_SUCH_TABLE: &str = "42P01";
const LOCKED: &str = "55P03";
const CANCELLED: &str = "57014";

/// The classes of codes that may be gone at the next try: connection, transaction ended by the server (deadlock, idle
/// for too long), who may connect, resources, intervention by an operator, the system.
const PASSING: [&str; 7] = ["08", "25", "28", "40", "53", "57", "58"];

fn code(error: &sqlx::Error) -> Option<String> {
    Some(error.as_database_error()?.code()?.into_owned())
}

impl Server {
    /// An error while serving.
    pub(super) fn explain(&self, error: sqlx::Error) -> StoreError {
        let code = code(&error);
        let explained = match (&error, code.as_deref()) {
            (PoolTimedOut, _) => StoreError::unavailable(format!(
                "no connection to {self} within {} ms",
                self.connect_timeout.as_millis()
            )),
            (_, Some(LOCKED)) => {
                StoreError::unavailable("another transaction holds a lock for too long")
            }
            (_, Some(CANCELLED)) => StoreError::unavailable("the statement takes too long"),
            (_, Some(READ_ONLY)) => StoreError::unavailable(format!("{self} is a replica")),
            (_, Some(code)) if PASSING.iter().any(|class| code.starts_with(class)) => {
                StoreError::unavailable(format!("{self} refuses for now"))
            }
            (Io(_) | Tls(_) | Protocol(_) | BeginFailed, _) => {
                StoreError::unavailable(format!("the connection to {self} broke"))
            }
            _ => StoreError::internal(format!("{self} can't answer")),
        };
        explained.caused_by_sqlx(error)
    }

    /// What an error before anything starts says of the server.
    pub fn unusable(&self, error: sqlx::Error) -> StoreError {
        let (user, database) = (self.options.get_username(), self.database());
        let code = code(&error);
        let why = match (&error, code.as_deref()) {
            (_, Some(WRONG_PASSWORD)) if !self.has_password => {
                format!(
                    "it wants a password of user {user}, and neither url nor password_file has one"
                )
            }
            (_, Some(WRONG_PASSWORD)) => {
                format!("the password of user {user} is wrong, or there is no such user")
            }
            (_, Some(NOT_ADMITTED)) => format!("it doesn't admit user {user}"),
            (_, Some(NO_SUCH_DATABASE)) => {
                format!("there is no database {database}; make it, owned by {user}")
            }
            (_, Some(NOT_ALLOWED)) => format!("make user {user} the owner of database {database}"),
            (_, Some(NO_SUCH_TABLE)) => format!("the schema isn't ours; {MIGRATE}"),
            (_, Some(READ_ONLY)) => IS_REPLICA.to_owned(),
            (_, Some(LOCKED)) => {
                "somebody else has been changing the schema for too long".to_owned()
            }
            (Io(error), _) if error.kind() == ErrorKind::NotFound => {
                "a file that url names is missing".to_owned()
            }
            (Io(error), _) if error.kind() == ErrorKind::InvalidData => "TLS fails".to_owned(),
            (Io(_) | PoolTimedOut, _) => "it can't be reached".to_owned(),
            _ => "it can't be worked with".to_owned(),
        };
        self.because(&why).caused_by_sqlx(error)
    }

    /// That the server can't be worked with, and why.
    pub(super) fn because(&self, why: &str) -> StoreError {
        StoreError::unusable(format!("PostgreSQL at {self}: {why}"))
    }
}
