//! What processes share whose history isn't in their own folder.

use std::collections::BTreeMap;

use e2e::servers::{Cassandra, Postgres, Redis};
use history_writer::{cassandra, postgres};
use tempfile::TempDir;
use tokio::sync::OnceCell;

/// As many fixes a second as there are, and chunks that are stored before the process dies.
pub(super) const UNHURRIED: &str = "[gateway]\nfixes_per_s = 1000000\nfixes_burst = 1000000\nmessages_per_s = 1000000\n\
     messages_burst = 1000000\nbytes_per_s = 1000000000\nbytes_burst = 1000000000\n\
     [rest]\nrequests_per_s = 100000\nrequests_burst = 100000\n\
     service_cost_per_s = 1000000000\nservice_cost_burst = 1000000000\n[log]\nfilter = \"error\"\n";

/// A node of Cassandra, a `PostgreSQL`, a Redis server, and a key.
pub(super) struct Servers {
    pub(super) cassandra: Cassandra,
    postgres: Postgres,
    redis: Redis,
    folder: TempDir,
}

impl Servers {
    /// Those of all these tests, which come one after the other.
    pub(super) async fn shared() -> &'static Self {
        static SERVERS: OnceCell<Servers> = OnceCell::const_new();
        SERVERS.get_or_init(Self::start).await
    }

    async fn start() -> Self {
        let (cassandra, postgres, redis) =
            tokio::join!(Cassandra::start(), Postgres::start(), Redis::start());
        let folder = TempDir::new().expect("a folder");
        std::fs::write(folder.path().join("key"), [7; 32]).expect("written");
        Self { cassandra, postgres, redis, folder }
    }

    /// The settings of a process of a deployment of its own; with `is_shared` there may be several.
    pub(super) async fn settings(&self, is_shared: bool) -> String {
        let (url, keyspace) = (self.postgres.database().await, self.cassandra.keyspace());
        let (node, datacenter) = (self.cassandra.node(), self.cassandra.datacenter());
        let chunks = cassandra::Config {
            nodes: vec![node.clone()],
            keyspace: keyspace.clone(),
            replication: BTreeMap::from([(datacenter.to_owned(), 1)]),
            ..cassandra::Config::default()
        };
        cassandra::migrate(&chunks, None).await.expect("the node is there");
        let register = postgres::Config { url: url.clone().into(), ..Default::default() };
        postgres::migrate(&register).await.expect("the server is there");
        let mut backends = "history = \"cassandra\"\n".to_owned();
        let mut others = String::new();
        if is_shared {
            let directory =
                directory::postgres::Config { url: url.clone().into(), ..Default::default() };
            directory::postgres::migrate(&directory).await.expect("the server is there");
            backends += "live = \"redis\"\ndirectory = \"postgres\"\n";
            let redis = self.redis.url();
            others = format!(
                "[postgres.directory]\nurl = {url:?}\n[[redis.shards]]\nname = \"a\"\nurl = {redis:?}\n"
            );
        }
        let key = self.folder.path().join("key").display().to_string();
        format!(
            "{UNHURRIED}[backends]\n{backends}[history]\nchunk_age_ms = 1000\nkey_files = [{key:?}]\n\
             [cassandra]\nnodes = [{node:?}]\nkeyspace = {keyspace:?}\n[postgres.history]\nurl = {url:?}\n{others}"
        )
    }
}
