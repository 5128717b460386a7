//! The embedded log and its index pass the list that every log and index have to.

use std::sync::Arc;

use leaderboard::conformance::Backend;
use leaderboard::embedded::EmbeddedLog;
use leaderboard::{Answer, Index, Log};
use tempfile::TempDir;

struct Embedded(TempDir);

impl Embedded {
    fn new() -> Self {
        Self(TempDir::new().expect("a temporary directory"))
    }
}

impl Backend for Embedded {
    fn open(&self) -> Answer<'_, (Arc<dyn Log>, Arc<dyn Index>)> {
        Box::pin(async {
            let log = EmbeddedLog::open(self.0.path()).await?;
            let index = log.index();
            Ok((Arc::new(log) as Arc<dyn Log>, Arc::new(index) as Arc<dyn Index>))
        })
    }
}

sql::conformance_tests!(leaderboard::conformance_list, embedded, Embedded::new());
