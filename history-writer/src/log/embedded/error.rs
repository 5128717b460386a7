use model::ErrorChain;
use segment_log::Error;
use tokio::task::JoinError;

use crate::log::LogError;

impl From<Error> for LogError {
    fn from(error: Error) -> Self {
        let what = ErrorChain(&error).to_string().into();
        match error {
            Error::Full(_) | Error::NotWritten { .. } | Error::TooLarge(_) => {
                Self::Unavailable(what)
            }
            Error::Stopped(_) => Self::Stopped(what),
            _ => Self::Unusable(what),
        }
    }
}

pub(super) fn interrupted(error: &JoinError) -> LogError {
    LogError::Unavailable(format!("a task of the log ended early ({error})").into())
}
