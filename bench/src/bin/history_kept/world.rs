//! Movement history in a folder of its own, in `TMPDIR`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use history_writer::embedded::{Config, EmbeddedLog};
use history_writer::{
    ChunkingLimits, DeploymentKey, DeploymentKeys, Deps, EmbeddedRegister, EmbeddedStore, History,
    LogId, LogReader as _, OwnedLogs,
};
use model::{SeededRandom, SystemClock};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::Outcome;

/// Nothing more is stored by itself if nothing was for so long.
const STILL: Duration = Duration::from_millis(500);

pub(crate) struct World {
    pub folder: TempDir,
    pub log: Arc<EmbeddedLog>,
}

impl World {
    pub(crate) async fn new() -> Outcome<Self> {
        Self::with_log(Config::default()).await
    }

    pub(crate) async fn with_log(config: Config) -> Outcome<Self> {
        let folder = TempDir::new()?;
        let clock = Arc::new(SystemClock::start());
        let log = EmbeddedLog::open(folder.path(), config, clock).await?;
        Ok(Self { folder, log: Arc::new(log) })
    }

    pub(crate) async fn history(&self) -> Outcome<History> {
        let path = self.folder.path();
        let history = History::start(Deps {
            log: self.log.clone(),
            owned: OwnedLogs::only(LogId(1), self.log.clone()),
            store: Arc::new(EmbeddedStore::open(path).await?),
            register: Arc::new(EmbeddedRegister::open(path).await?),
            shared_logs: None,
            keys: DeploymentKeys::new(DeploymentKey::new(&[7; 32]), Vec::new()),
            chunking: ChunkingLimits::default(),
            retention_days: 0,
            clock: Arc::new(SystemClock::start()),
            random: Arc::new(SeededRandom::new(1)),
        });
        Ok(history.await?)
    }

    /// Waits until all that was appended is stored, but for what chunks have that aren't full: nothing was stored for a while.
    pub(crate) async fn stored(&self) {
        let (mut last, mut moved) = (self.log.status().mark, Instant::now());
        loop {
            let status = self.log.status();
            if status.mark == status.end || moved.elapsed() > STILL {
                return;
            }
            if status.mark != last {
                (last, moved) = (status.mark, Instant::now());
            }
            sleep(Duration::from_millis(1)).await;
        }
    }
}

/// What of sorted numbers is less than a share of them.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    sorted.get((sorted.len() as f64 * share) as usize).or(sorted.last()).copied().unwrap_or(0.0)
}
