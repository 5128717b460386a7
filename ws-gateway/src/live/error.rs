use std::sync::Arc;

use model::{ErrorChain, ErrorKind};

/// A failed call. Nothing is known of what it did: every call may be repeated.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{what}")]
pub struct Error {
    kind: ErrorKind,
    /// No position, no token, no password.
    what: String,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// What failed, and of which kind that is.
    pub fn new(kind: ErrorKind, what: impl Into<String>) -> Self {
        Self { kind, what: what.into(), source: None }
    }

    /// A server can't be reached, or doesn't do what it must.
    pub fn unavailable(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unavailable, what)
    }

    /// The same with its cause.
    #[must_use]
    pub fn because(self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self { source: Some(Arc::new(source)), ..self }
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Says in the log, where the failure is handled, what can't be done and why. That a server is away is told once by
    /// the task that keeps its connections, not by everybody who needs it.
    pub(crate) fn log(&self, cant: &str) {
        let error = ErrorChain(self);
        if self.kind == ErrorKind::Unavailable {
            tracing::debug!(%error, "{cant}");
        } else {
            tracing::error!(%error, "{cant}");
        }
    }
}

impl From<redis_connection::Error> for Error {
    fn from(error: redis_connection::Error) -> Self {
        let redis_connection::Error { kind, what, source } = error;
        Self { kind, what, source }
    }
}
