use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use e2e::servers::{Postgres, Redis};
use leaderboard::conformance::{Backend, CASES, NOW};
use leaderboard::embedded::EmbeddedLog;
use leaderboard::postgres::{Config, PostgresLog, migrate};
use leaderboard::redis::{Config as RedisConfig, RedisIndex, ServerConfig};
use leaderboard::{Answer, FollowingIndex, Index, Log};
use model::{ManualClock, Random, SeededRandom};
use shard_map::{Shard, ShardMap, ShardName};
use tempfile::TempDir;

use crate::grid::{Grid, Trial};

const BACKENDS: [&str; 6] = [
    "embedded",
    "embedded, Redis × 1",
    "embedded, Redis × 4",
    "PostgreSQL",
    "PostgreSQL, Redis × 1",
    "PostgreSQL, Redis × 4",
];

pub(crate) async fn grid() -> Grid {
    let postgres = Postgres::start().await;
    let servers =
        [Redis::start().await, Redis::start().await, Redis::start().await, Redis::start().await];
    let mut trials = Vec::new();
    for case in CASES {
        for name in BACKENDS {
            let kept = if name.starts_with("embedded") {
                Kept::InFiles(tempfile::tempdir().expect("a temporary folder"))
            } else {
                let url = postgres.database().await.into();
                Kept::Postgres(Box::new(Config { url, ..Config::default() }))
            };
            let prefix = format!("{}", trials.len());
            let ranked = match name.rsplit(' ').next() {
                Some("1") => Some(Ranked::on(&servers[..1], prefix)),
                Some("4") => Some(Ranked::on(&servers, prefix)),
                _ => None,
            };
            let backend = Place { kept, ranked };
            let run = Box::pin(async move { (case.run)(&backend).await });
            trials.push(Trial { case: case.name, backend: name, run });
        }
    }
    Grid::new(&BACKENDS, CASES.iter().map(|case| case.name)).run(trials).await
}

/// How often anything was opened: what is built anew on a server never has a name that another had.
static OPENED: AtomicU64 = AtomicU64::new(0);

/// Where a case is tried.
struct Place {
    kept: Kept,
    /// In memory, if it isn't said.
    ranked: Option<Ranked>,
}

/// Where the log is.
enum Kept {
    InFiles(TempDir),
    Postgres(Box<Config>),
}

/// On servers that other cases use too.
struct Ranked {
    servers: Vec<ServerConfig>,
    config: RedisConfig,
}

impl Ranked {
    fn on(servers: &[Redis], key_prefix: String) -> Self {
        let servers = servers.iter().zip(["a", "b", "c", "d"]).map(|(server, name)| ServerConfig {
            name: name.to_owned(),
            weight: 1,
            url: server.url(),
            password_file: None,
            tls_ca_file: None,
        });
        let patience = Duration::from_secs(5);
        let (connect_timeout, command_timeout) = (patience, patience);
        let config = RedisConfig { key_prefix, connect_timeout, command_timeout };
        Self { servers: servers.collect(), config }
    }

    fn open(&self, log: &Arc<dyn Log>, random: &Arc<dyn Random>) -> Arc<dyn Index> {
        let shards = self.servers.iter().map(|server| {
            let name = ShardName::parse(&server.name).expect("a name");
            Shard { name, weight: server.weight }
        });
        let map = ShardMap::deal(shards.collect()).expect("a map");
        let index = RedisIndex::start(&self.servers, map, &self.config, log, random);
        Arc::new(index.expect("servers that can be reached"))
    }
}

impl Backend for Place {
    fn open(&self) -> Answer<'_, (Arc<dyn Log>, Arc<dyn Index>)> {
        Box::pin(async {
            let random: Arc<dyn Random> =
                Arc::new(SeededRandom::new(OPENED.fetch_add(1, Ordering::Relaxed)));
            let (log, own): (Arc<dyn Log>, Option<Arc<dyn Index>>) = match &self.kept {
                Kept::InFiles(dir) => {
                    let log =
                        EmbeddedLog::open(dir.path(), leaderboard::Config::default(), &*random)
                            .await?;
                    let index = Arc::new(log.index());
                    (Arc::new(log), Some(index))
                }
                Kept::Postgres(config) => {
                    migrate(config).await?;
                    // Of the cases' time: today their keys are too old to be kept.
                    let log = PostgresLog::connect(
                        config,
                        leaderboard::Config::default(),
                        Arc::new(ManualClock::at(NOW)),
                    )
                    .await?;
                    (Arc::new(log), None)
                }
            };
            let index = match (&self.ranked, own) {
                (Some(ranked), _) => ranked.open(&log, &random),
                (None, Some(own)) => own,
                (None, None) => Arc::new(FollowingIndex::start(log.clone(), random)),
            };
            Ok((log, index))
        })
    }
}
