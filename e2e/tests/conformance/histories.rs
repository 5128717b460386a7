use std::collections::BTreeMap;
use std::sync::Arc;

use e2e::servers::{Cassandra, Postgres};
use history_writer::cassandra::{CassandraStore, Config, migrate};
use history_writer::conformance::{REGISTER_CASES, RegisterBackend, STORE_CASES, StoreBackend};
use history_writer::postgres::{self, PostgresRegister};
use history_writer::{EmbeddedRegister, EmbeddedStore, Register, Store, StoreAnswer};
use tempfile::TempDir;

use crate::grid::{Grid, Trial};

const EMBEDDED: &str = "embedded";
const CASSANDRA: &str = "Cassandra";
const POSTGRES: &str = "PostgreSQL";

pub(crate) async fn stores() -> Grid {
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

pub(crate) async fn registers() -> Grid {
    let server = Postgres::start().await;
    let mut trials = Vec::new();
    for case in REGISTER_CASES {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let url = server.database().await.into();
        let config = postgres::Config { url, ..postgres::Config::default() };
        let backends: [(&'static str, Arc<dyn RegisterBackend>); 2] =
            [(EMBEDDED, Arc::new(InFile(dir))), (POSTGRES, Arc::new(InPostgres(config)))];
        trials.extend(backends.map(|(name, backend)| Trial {
            case: case.name,
            backend: name,
            run: Box::pin(async move { (case.run)(&*backend).await }),
        }));
    }
    Grid::new(&[EMBEDDED, POSTGRES], REGISTER_CASES.iter().map(|case| case.name)).run(trials).await
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

impl RegisterBackend for InFile {
    fn open(&self) -> StoreAnswer<'_, Arc<dyn Register>> {
        Box::pin(async {
            let register = EmbeddedRegister::open(self.0.path()).await?;
            Ok(Arc::new(register) as Arc<dyn Register>)
        })
    }
}

struct InPostgres(postgres::Config);

impl RegisterBackend for InPostgres {
    fn open(&self) -> StoreAnswer<'_, Arc<dyn Register>> {
        Box::pin(async {
            postgres::migrate(&self.0).await?;
            Ok(Arc::new(PostgresRegister::connect(&self.0).await?) as Arc<dyn Register>)
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
