use std::fmt;
use std::path::{Path, PathBuf};

use model::ErrorKind;

/// Why a run can't start or can't go on. What the service does wrong is no error but part of the
/// [`Summary`](crate::Summary).
#[derive(Debug)]
pub enum Error {
    /// A trace or graph file can't be read or says something impossible.
    File {
        /// Which file.
        path: PathBuf,
        /// Where in it, counted from 1; none where the file as a whole is meant.
        line: Option<u64>,
        /// What is the matter.
        detail: String,
    },
    /// The plan contradicts itself.
    Plan(String),
    /// Users and friendships could not be made over REST.
    Setup {
        /// The path of the request, which holds ids and nothing else.
        path: String,
        /// What came back instead.
        detail: String,
    },
    /// Not everybody could connect.
    Connect(String),
}

impl Error {
    /// Which kind of failure this is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::File { .. } | Self::Plan(_) => ErrorKind::Invalid,
            Self::Setup { .. } | Self::Connect(_) => ErrorKind::Unavailable,
        }
    }

    pub(crate) fn file(path: &Path, line: Option<u64>, detail: impl fmt::Display) -> Self {
        Self::File { path: path.to_owned(), line, detail: detail.to_string() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line: Some(line), detail } => {
                write!(f, "{}, line {line}: {detail}", path.display())
            }
            Self::File { path, line: None, detail } => write!(f, "{}: {detail}", path.display()),
            Self::Plan(detail) => f.write_str(detail),
            Self::Setup { path, detail } => write!(f, "PUT {path}: {detail}"),
            Self::Connect(detail) => write!(f, "can't connect: {detail}"),
        }
    }
}

impl std::error::Error for Error {}
