//! Movement history that gateways keep together: chunks in Cassandra, what must outlive them in `PostgreSQL`.

use std::collections::BTreeMap;
use std::path::Path;

use history_writer::{cassandra, postgres};

use crate::servers::{Cassandra, Postgres};

/// The deployment's key of movement history.
const KEY: [u8; 32] = [7; 32];

/// What every gateway has to be told, behind the other backends, for tables that are made here.
pub(super) async fn settings(node: &Cassandra, server: &Postgres, secrets: &Path) -> String {
    let (register, keyspace) = (server.database().await, node.keyspace());
    let config = postgres::Config { url: register.clone().into(), ..Default::default() };
    postgres::migrate(&config).await.expect("an empty database becomes a register");
    let chunks = cassandra::Config {
        nodes: vec![node.node()],
        keyspace: keyspace.clone(),
        replication: BTreeMap::from([(node.datacenter().to_owned(), 1)]),
        ..cassandra::Config::default()
    };
    cassandra::migrate(&chunks, None).await.expect("a node without our tables gets them");
    let key = secrets.join("history.key");
    std::fs::write(&key, KEY).expect("a folder that can be written to");
    let key = key.display().to_string();
    format!(
        "history = \"cassandra\"\n[history]\nkey_files = [{key:?}]\n[cassandra]\nnodes = [{:?}]\n\
         keyspace = {keyspace:?}\n[postgres.history]\nurl = {register:?}\n",
        node.node(),
    )
}
