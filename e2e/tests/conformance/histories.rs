use std::collections::BTreeMap;
use std::sync::Arc;

use e2e::servers::Cassandra;
use history_writer::cassandra::{CassandraStore, Config, migrate};
use history_writer::conformance::{STORE_CASES, StoreBackend};
use history_writer::{EmbeddedStore, Store, StoreAnswer};
use tempfile::TempDir;

use crate::grid::{Grid, Trial};

const EMBEDDED: &str = "embedded";
const CASSANDRA: &str = "Cassandra";

pub(crate) async fn grid() -> Grid {
    let node = Cassandra::start().await;
    let mut trials = Vec::new();
    for case in STORE_CASES {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let config = Config {
            nodes: vec![node.node()],
            keyspace: node.keyspace(),
            replication: BTreeMap::from([(node.datacenter().to_owned(), 1)]),
            ..Config::default()
        };
        let backends: [(&'static str, Arc<dyn StoreBackend>); 2] =
            [(EMBEDDED, Arc::new(InFile(dir))), (CASSANDRA, Arc::new(InCassandra(config)))];
        trials.extend(backends.map(|(name, backend)| Trial {
            case: case.name,
            backend: name,
            run: Box::pin(async move { (case.run)(&*backend).await }),
        }));
    }
    Grid::new(&[EMBEDDED, CASSANDRA], STORE_CASES.iter().map(|case| case.name)).run(trials).await
}

struct InFile(TempDir);

impl StoreBackend for InFile {
    fn open(&self) -> StoreAnswer<'_, Arc<dyn Store>> {
        Box::pin(async {
            let store = EmbeddedStore::open(self.0.path()).await?;
            Ok(Arc::new(store) as Arc<dyn Store>)
        })
    }
}

struct InCassandra(Config);

impl StoreBackend for InCassandra {
    fn open(&self) -> StoreAnswer<'_, Arc<dyn Store>> {
        Box::pin(async {
            migrate(&self.0, None).await?;
            Ok(Arc::new(CassandraStore::connect(&self.0, None).await?) as Arc<dyn Store>)
        })
    }

    fn lets_expire(&self) -> bool {
        true
    }
}
