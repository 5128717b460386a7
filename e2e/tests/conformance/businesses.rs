use std::sync::Arc;

use e2e::servers::Postgres;
use proximity::conformance::{Backend, CASES};
use proximity::embedded::EmbeddedStore;
use proximity::postgres::{Config, PostgresStore, migrate};
use proximity::{Answer, Store};
use tempfile::TempDir;

use crate::grid::{Grid, Trial};

const EMBEDDED: &str = "embedded";
const EMBEDDED_RESIDENT: &str = "embedded, resident index";
const POSTGRES: &str = "PostgreSQL";
const POSTGRES_RESIDENT: &str = "PostgreSQL, resident index";

pub(crate) async fn grid() -> Grid {
    let server = Postgres::start().await;
    let mut trials = Vec::new();
    for case in CASES {
        let file = |is_resident| {
            let dir = tempfile::tempdir().expect("a temporary folder");
            Arc::new(InFile { dir, is_resident })
        };
        let database = async |is_resident| {
            let config = Config { url: server.database().await.into(), ..Config::default() };
            Arc::new(OverPostgres { config, is_resident })
        };
        let backends: [(&'static str, Arc<dyn Backend>); 4] = [
            (EMBEDDED, file(false)),
            (EMBEDDED_RESIDENT, file(true)),
            (POSTGRES, database(false).await),
            (POSTGRES_RESIDENT, database(true).await),
        ];
        trials.extend(backends.map(|(name, backend)| Trial {
            case: case.name,
            backend: name,
            run: Box::pin(async move { (case.run)(&*backend).await }),
        }));
    }
    let backends = [EMBEDDED, EMBEDDED_RESIDENT, POSTGRES, POSTGRES_RESIDENT];
    Grid::new(&backends, CASES.iter().map(|case| case.name)).run(trials).await
}

struct InFile {
    dir: TempDir,
    is_resident: bool,
}

impl Backend for InFile {
    fn open(&self) -> Answer<'_, Arc<dyn Store>> {
        Box::pin(async {
            let store = EmbeddedStore::open(self.dir.path()).await?;
            Ok(Arc::new(store) as Arc<dyn Store>)
        })
    }

    fn is_resident(&self) -> bool {
        self.is_resident
    }
}

struct OverPostgres {
    config: Config,
    is_resident: bool,
}

impl Backend for OverPostgres {
    fn open(&self) -> Answer<'_, Arc<dyn Store>> {
        Box::pin(async {
            migrate(&self.config).await?;
            Ok(Arc::new(PostgresStore::connect(&self.config).await?) as Arc<dyn Store>)
        })
    }

    fn is_resident(&self) -> bool {
        self.is_resident
    }
}
