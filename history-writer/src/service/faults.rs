use model::ErrorChain;
use parking_lot::Mutex;
use sql::StoreError;

use crate::LogError;

/// What came of the last tries, where nobody else remembers it.
#[derive(Default)]
pub(super) struct Faults {
    /// Why the log didn't take the points that were handed in last.
    log: Mutex<Option<LogError>>,
    /// Why the last turn of the writer failed.
    store: Mutex<Option<String>>,
}

impl Faults {
    /// What the log has answered. The log of the program is told when that changes, not each time.
    pub(super) fn heard_log(&self, error: Option<&LogError>) {
        let mut last = self.log.lock();
        if last.as_ref() == error {
            return;
        }
        if let Some(error) = error {
            tracing::warn!(%error, "points aren't kept in movement history");
        } else {
            tracing::info!("points are kept in movement history again");
        }
        *last = error.cloned();
    }

    /// How the last turn of the writer ended.
    pub(super) fn heard_store(&self, error: Option<&StoreError>) {
        let why = |error: &StoreError| {
            format!("movement history can't be stored now ({})", ErrorChain(error))
        };
        *self.store.lock() = error.map(why);
    }

    /// What is wrong as far as was seen last, for operators.
    pub(super) fn last(&self) -> Option<String> {
        let log = self.log.lock().as_ref().map(LogError::to_string);
        log.or_else(|| self.store.lock().clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_wrong_last_is_told_until_it_goes_well() {
        let faults = Faults::default();
        assert_eq!(faults.last(), None);
        faults.heard_store(Some(&StoreError::unavailable("the disk is full")));
        let why = faults.last().expect("it failed");
        assert!(why.contains("can't be stored") && why.contains("the disk is full"), "{why}");
        faults.heard_log(Some(&LogError::Full));
        assert_eq!(faults.last(), Some("the log of movement history is full".to_owned()));
        faults.heard_store(None);
        faults.heard_log(None);
        assert_eq!(faults.last(), None);
    }
}
