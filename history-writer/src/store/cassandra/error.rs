//! What the database's errors mean.

use std::error::Error;
use std::io::ErrorKind;
use std::time::Duration;

use scylla::errors::{
    ConnectionError, ConnectionPoolError, ConnectionSetupRequestErrorKind, DbError, ExecutionError,
    MetadataError, NewSessionError, PrepareError, RequestAttemptError,
};
use sql::StoreError;

use super::config::Config;

/// The remedy for most of what can be wrong with a schema.
pub(super) const MIGRATE: &str = "run `whereabouts migrate --config FILE`";

/// An error while serving. [`Unavailable`](sql::StoreErrorKind::Unavailable) unless the statement itself can't be done: then
/// the same again fails again.
pub(super) fn explain(error: ExecutionError) -> StoreError {
    let explained = match &error {
        ExecutionError::BadQuery(_)
        | ExecutionError::LastAttemptError(
            RequestAttemptError::SerializationError(_)
            | RequestAttemptError::CqlRequestSerialization(_),
        ) => StoreError::internal("a statement can't be sent"),
        ExecutionError::RequestTimeout(_) => {
            StoreError::unavailable("the database doesn't answer in time")
        }
        ExecutionError::ConnectionPoolError(_) | ExecutionError::EmptyPlan => {
            StoreError::unavailable("no node of the database can be reached")
        }
        ExecutionError::LastAttemptError(RequestAttemptError::DbError(answer, _)) => of_db(answer),
        _ => StoreError::unavailable("the connection to the database broke"),
    };
    explained.caused_by(error)
}

fn of_db(answer: &DbError) -> StoreError {
    match answer {
        DbError::Invalid | DbError::SyntaxError | DbError::FunctionFailure { .. } => {
            StoreError::internal("the database can't do that")
        }
        DbError::Unavailable { .. } => {
            StoreError::unavailable("too few nodes of the database are there")
        }
        DbError::ReadTimeout { .. } | DbError::WriteTimeout { .. } => {
            StoreError::unavailable("too few nodes of the database answer in time")
        }
        _ => StoreError::unavailable("the database refuses for now"),
    }
}

/// That an answer isn't what was asked for.
pub(super) fn damaged(error: impl Error + Send + Sync + 'static) -> StoreError {
    StoreError::internal("the database's answer can't be read").caused_by(error)
}

/// That the database can't be worked with from the start, and why.
pub(super) fn because(config: &Config, why: &str) -> StoreError {
    StoreError::unusable(format!("Cassandra at {}: {why}", config.nodes.join(", ")))
}

/// Why no session came about.
pub(super) fn not_connected(config: &Config, error: NewSessionError) -> StoreError {
    let why = match &error {
        NewSessionError::FailedToResolveAnyHostname(_) => "no node's name is known",
        NewSessionError::MetadataError(MetadataError::ConnectionPoolError(
            ConnectionPoolError::Broken { last_connection_error },
        )) => not_admitted(config, last_connection_error),
        _ => "it can't be worked with",
    };
    because(config, why).caused_by(error)
}

/// Why a node doesn't let us in, as far as the last try tells.
fn not_admitted(config: &Config, error: &ConnectionError) -> &'static str {
    let is_plain = config.tls_ca_file.is_none();
    match error {
        ConnectionError::ConnectionSetupRequestError(setup) => match &setup.error {
            // What speaks TLS only hangs up on what isn't.
            ConnectionSetupRequestErrorKind::BrokenConnection(_) if is_plain => {
                "it hangs up; does it want TLS (tls_ca_file)?"
            }
            _ if config.user.is_none() => {
                "it doesn't admit us; does it want user and password_file?"
            }
            _ => "it doesn't admit us; are user and password right?",
        },
        ConnectionError::IoError(error) if error.kind() == ErrorKind::InvalidData => {
            "it doesn't speak TLS as it should; is its certificate for its IP address, and of an authority in tls_ca_file?"
        }
        _ => "it can't be reached",
    }
}

/// That the database is too slow from the start.
pub(super) fn late(config: &Config, longest: Duration) -> StoreError {
    because(config, &format!("it doesn't answer within {} ms", longest.as_millis()))
}

/// Why a statement can't be used from the start.
pub(super) fn unusable(config: &Config, error: impl Into<AtStart>) -> StoreError {
    let AtStart(answer, error) = error.into();
    let why = match answer {
        Some(DbError::Unauthorized) => "the user may not do that",
        Some(DbError::Unavailable { .. }) => "too few of its nodes are there",
        Some(DbError::Invalid) => "its tables aren't ours, or aren't there",
        _ => "it can't be worked with",
    };
    StoreError::caused_by(because(config, why), error)
}

/// An error before anything starts, and what the database said if it said something.
pub(super) struct AtStart(Option<DbError>, Box<dyn Error + Send + Sync>);

impl From<ExecutionError> for AtStart {
    fn from(error: ExecutionError) -> Self {
        let answer = match &error {
            ExecutionError::LastAttemptError(RequestAttemptError::DbError(answer, _)) => {
                Some(answer.clone())
            }
            _ => None,
        };
        Self(answer, error.into())
    }
}

impl From<PrepareError> for AtStart {
    fn from(error: PrepareError) -> Self {
        let answer = match &error {
            PrepareError::AllAttemptsFailed {
                first_attempt: RequestAttemptError::DbError(answer, _),
            } => Some(answer.clone()),
            _ => None,
        };
        Self(answer, error.into())
    }
}

#[cfg(test)]
mod tests {
    use scylla::errors::WriteType;
    use scylla::statement::Consistency;
    use sql::StoreErrorKind;

    use super::*;

    #[test]
    fn only_what_fails_again_is_given_up() {
        let answered = |answer| {
            ExecutionError::LastAttemptError(RequestAttemptError::DbError(answer, String::new()))
        };
        let (consistency, write_type) = (Consistency::LocalQuorum, WriteType::Simple);
        let late = DbError::WriteTimeout { consistency, received: 1, required: 2, write_type };
        let few = DbError::Unavailable { consistency, required: 2, alive: 1 };
        for error in [
            answered(late),
            answered(few),
            answered(DbError::Overloaded),
            answered(DbError::IsBootstrapping),
            answered(DbError::Unauthorized),
            answered(DbError::ServerError),
            ExecutionError::RequestTimeout(Duration::from_secs(1)),
            ExecutionError::EmptyPlan,
            ExecutionError::LastAttemptError(RequestAttemptError::UnableToAllocStreamId),
        ] {
            assert_eq!(explain(error.clone()).kind(), StoreErrorKind::Unavailable, "{error:?}");
        }
        for answer in [DbError::Invalid, DbError::SyntaxError] {
            assert_eq!(explain(answered(answer)).kind(), StoreErrorKind::Internal);
        }
    }
}
