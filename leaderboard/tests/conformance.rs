//! The embedded log with its own index, and with one that follows it, pass the list that every log and index have to.

use std::sync::Arc;

use leaderboard::conformance::Backend;
use leaderboard::embedded::EmbeddedLog;
use leaderboard::{Answer, Config, FollowingIndex, Index, Log};
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
            let log =
                EmbeddedLog::open(self.folder.path(), Config::default(), &self.random).await?;
            let index = log.index();
            Ok((Arc::new(log) as Arc<dyn Log>, Arc::new(index) as Arc<dyn Index>))
        })
    }
}

/// The same log, with an index that follows it as one that another process writes.
struct Followed(Embedded);

impl Backend for Followed {
    fn open(&self) -> Answer<'_, (Arc<dyn Log>, Arc<dyn Index>)> {
        Box::pin(async {
            let (log, _) = self.0.open().await?;
            let index = FollowingIndex::start(log.clone(), Arc::new(SeededRandom::new(2)));
            Ok((log, Arc::new(index) as Arc<dyn Index>))
        })
    }
}

sql::conformance_tests!(leaderboard::conformance_list, embedded, Embedded::new());
sql::conformance_tests!(leaderboard::conformance_list, followed, Followed(Embedded::new()));
