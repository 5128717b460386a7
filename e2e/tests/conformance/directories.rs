use std::sync::Arc;

use directory::conformance::{Backend, CASES};
use directory::embedded::EmbeddedStore;
use directory::postgres::{Config, PostgresStore, migrate};
use directory::{Answer, Store};
use e2e::servers::Postgres;
use model::{SeededRandom, SystemClock};
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
            [(EMBEDDED, Arc::new(InFile(dir))), (POSTGRES, Arc::new(OverPostgres(config)))];
        trials.extend(backends.map(|(name, backend)| Trial {
            case: case.name,
            backend: name,
            run: Box::pin(async move { (case.run)(&*backend).await }),
        }));
    }
    Grid::new(&[EMBEDDED, POSTGRES], CASES.iter().map(|case| case.name)).run(trials).await
}

struct InFile(TempDir);

impl Backend for InFile {
    fn open(&self) -> Answer<'_, Arc<dyn Store>> {
        Box::pin(async {
            let store = EmbeddedStore::open(self.0.path()).await?;
            Ok(Arc::new(store) as Arc<dyn Store>)
        })
    }
}

struct OverPostgres(Config);

impl Backend for OverPostgres {
    fn open(&self) -> Answer<'_, Arc<dyn Store>> {
        Box::pin(async {
            migrate(&self.0).await?;
            let (clock, random) = (SystemClock::start(), SeededRandom::new(1));
            let store = PostgresStore::connect(&self.0, Arc::new(clock), Arc::new(random)).await?;
            Ok(Arc::new(store) as Arc<dyn Store>)
        })
    }
}
