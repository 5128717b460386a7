use std::sync::Arc;

use model::ErrorKind;

/// What a server didn't do. Whether it was done nonetheless isn't known.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{what}")]
pub struct Error {
    /// [`ErrorKind::Invalid`] if the settings are wrong, else [`ErrorKind::Unavailable`].
    pub kind: ErrorKind,
    /// Which server, and what is wrong with it; no password.
    pub what: String,
    /// What led to it.
    pub source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// That the settings of a server are wrong.
    pub(crate) fn invalid(what: String) -> Self {
        Self { kind: ErrorKind::Invalid, what, source: None }
    }

    /// That a server can't be reached, or doesn't do what it must.
    pub(crate) fn unavailable(what: String) -> Self {
        Self { kind: ErrorKind::Unavailable, what, source: None }
    }

    /// The same with its cause.
    #[must_use]
    pub(crate) fn because(self, source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self { source: Some(Arc::new(source)), ..self }
    }
}
