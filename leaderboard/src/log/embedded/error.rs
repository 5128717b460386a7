use segment_log::Error;
use sql::StoreError;

/// What it means for the store that something is wrong with the log.
pub(super) fn store_error(error: Error) -> StoreError {
    let what = error.to_string();
    match error {
        Error::Full(cause) | Error::NotWritten { cause, .. } => {
            StoreError::unavailable(what).caused_by(cause)
        }
        Error::Stopped(_) => StoreError::unavailable(what),
        Error::NotWritable { cause, .. } | Error::Unreadable { cause, .. } => {
            StoreError::unusable(what).caused_by(cause)
        }
        Error::Damaged { .. } | Error::Missing { .. } => StoreError::unusable(what),
        Error::NewerVersion { found, known } => {
            StoreError::newer_version(found.into(), known.into())
        }
        Error::TooLarge(_) => StoreError::internal(what),
    }
}
