//! The embedded log and its index pass the list that every log and index have to.

use std::sync::Arc;

use leaderboard::conformance::Backend;
use leaderboard::embedded::EmbeddedLog;
use leaderboard::{Answer, Index, Log};
use model::SeededRandom;
use tempfile::TempDir;

struct Embedded {
    folder: TempDir,
    random: SeededRandom,
}

impl Embedded {
    fn new() -> Self {
        let folder = TempDir::new().expect("a temporary directory");
        Self { folder, random: SeededRandom::new(1) }
    }
}

impl Backend for Embedded {
    fn open(&self) -> Answer<'_, (Arc<dyn Log>, Arc<dyn Index>)> {
        Box::pin(async {
            let log = EmbeddedLog::open(self.folder.path(), &self.random).await?;
            let index = log.index();
            Ok((Arc::new(log) as Arc<dyn Log>, Arc::new(index) as Arc<dyn Index>))
        })
    }
}

sql::conformance_tests!(leaderboard::conformance_list, embedded, Embedded::new());
