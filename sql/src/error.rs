use std::error::Error;
use std::sync::Arc;

use model::ErrorKind;

/// What went wrong with a store. Cheap to clone: all who wait for a batch hear of it.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{what}")]
pub struct StoreError {
    kind: StoreErrorKind,
    what: String,
    #[source]
    cause: Option<Arc<dyn Error + Send + Sync>>,
}

/// What it means that a store failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreErrorKind {
    /// It can't be reached, is full or too slow. What was to be written may be or not.
    Unavailable,
    /// Its data was written by a newer version of the program.
    NewerVersion,
    /// It can't be worked with from the start: absent, not writable, not ours.
    Unusable,
    /// A fault of ours, or damaged data.
    Internal,
}

impl StoreError {
    /// That a store can't be reached, is full or too slow; `what` says which and how.
    pub fn unavailable(what: impl Into<String>) -> Self {
        Self::new(StoreErrorKind::Unavailable, what)
    }

    /// That a store can't be worked with from the start; `what` says which, and what to do.
    pub fn unusable(what: impl Into<String>) -> Self {
        Self::new(StoreErrorKind::Unusable, what)
    }

    /// A fault of ours, or damaged data; `what` says where.
    pub fn internal(what: impl Into<String>) -> Self {
        Self::new(StoreErrorKind::Internal, what)
    }

    /// That data was written by a newer version.
    pub fn newer_version(found: i64, known: i64) -> Self {
        let what = format!(
            "the data has schema {found}, this program knows up to {known}: \
             it was written by a newer version"
        );
        Self::new(StoreErrorKind::NewerVersion, what)
    }

    fn new(kind: StoreErrorKind, what: impl Into<String>) -> Self {
        Self { kind, what: what.into(), cause: None }
    }

    /// Keeps the error that led to it, which its own text doesn't repeat.
    #[must_use]
    pub fn caused_by(self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { cause: Some(cause.into().into()), ..self }
    }

    /// Keeps an error of a database as its cause, without what sqlx wraps around it and says again.
    pub(crate) fn caused_by_sqlx(self, error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Io(error) => self.caused_by(error),
            sqlx::Error::Database(error) => self.caused_by(error.into_error()),
            sqlx::Error::Configuration(error)
            | sqlx::Error::Tls(error)
            | sqlx::Error::Decode(error) => self.caused_by(error),
            error => self.caused_by(error),
        }
    }

    /// What it means.
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// Whether it may be gone at the next try.
    pub fn is_unavailable(&self) -> bool {
        self.kind == StoreErrorKind::Unavailable
    }

    /// What kind of failure it is for whoever asked.
    pub fn error_kind(&self) -> ErrorKind {
        if self.is_unavailable() { ErrorKind::Unavailable } else { ErrorKind::Internal }
    }

    /// Errs if there are more steps of a schema than we know.
    pub(crate) fn if_newer(found: i64, steps: &[&str]) -> Result<(), Self> {
        let known = steps.len() as i64;
        if found > known { Err(Self::newer_version(found, known)) } else { Ok(()) }
    }
}

/// Causes aren't compared.
impl PartialEq for StoreError {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.what == other.what
    }
}

impl Eq for StoreError {}
