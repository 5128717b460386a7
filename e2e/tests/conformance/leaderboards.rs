use std::sync::Arc;

use e2e::servers::Postgres;
use leaderboard::conformance::{Backend, CASES, NOW};
use leaderboard::embedded::EmbeddedLog;
use leaderboard::postgres::{Config, PostgresLog, migrate};
use leaderboard::{Answer, FollowingIndex, Index, Log};
use model::{ManualClock, SeededRandom};
use tempfile::TempDir;

use crate::grid::{Grid, Trial};

const EMBEDDED: &str = "embedded";
const POSTGRES: &str = "PostgreSQL";

pub(crate) async fn grid() -> Grid {
    let server = Postgres::start().await;
    let mut trials = Vec::new();
    for case in CASES {
        let config = Config { url: server.database().await.into(), ..Config::default() };
        let dir = tempfile::tempdir().expect("a temporary folder");
        let backends: [(&'static str, Arc<dyn Backend>); 2] =
            [(EMBEDDED, Arc::new(InFiles(dir))), (POSTGRES, Arc::new(OverPostgres(config)))];
        trials.extend(backends.map(|(name, backend)| Trial {
            case: case.name,
            backend: name,
            run: Box::pin(async move { (case.run)(&*backend).await }),
        }));
    }
    Grid::new(&[EMBEDDED, POSTGRES], CASES.iter().map(|case| case.name)).run(trials).await
}

struct InFiles(TempDir);

impl Backend for InFiles {
    fn open(&self) -> Answer<'_, (Arc<dyn Log>, Arc<dyn Index>)> {
        Box::pin(async {
            let log = EmbeddedLog::open(self.0.path(), &SeededRandom::new(1)).await?;
            let index = log.index();
            Ok((Arc::new(log) as Arc<dyn Log>, Arc::new(index) as Arc<dyn Index>))
        })
    }
}

/// With an index in memory that follows the log.
struct OverPostgres(Config);

impl Backend for OverPostgres {
    fn open(&self) -> Answer<'_, (Arc<dyn Log>, Arc<dyn Index>)> {
        Box::pin(async {
            migrate(&self.0).await?;
            // Of the cases' time: today their keys are too old to be kept.
            let log = PostgresLog::connect(&self.0, Arc::new(ManualClock::at(NOW))).await?;
            let log: Arc<dyn Log> = Arc::new(log);
            let index = FollowingIndex::start(Arc::clone(&log), Arc::new(SeededRandom::new(2)));
            Ok((log, Arc::new(index) as Arc<dyn Index>))
        })
    }
}
