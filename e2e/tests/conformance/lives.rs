use std::sync::Arc;
use std::time::Duration;

use e2e::servers::Redis;
use futures_util::future::BoxFuture;
use model::{ManualClock, SeededRandom};
use tokio::sync::OnceCell;
use ws_gateway::live::conformance::{Backend, CASES, InProcess, standing_clock};
use ws_gateway::live::redis::{Config, Redis as Servers, Server};
use ws_gateway::live::{FixLimit, Live, Sink};

use crate::grid::{Grid, Trial};

const EMBEDDED: &str = "embedded";
const ONE_REDIS: &str = "Redis × 1";
const FOUR_REDIS: &str = "Redis × 4";

pub(crate) async fn grid() -> Grid {
    let servers =
        [Redis::start().await, Redis::start().await, Redis::start().await, Redis::start().await];
    let mut trials = Vec::new();
    for (number, case) in CASES.iter().enumerate() {
        let backends: [(&'static str, Arc<dyn Backend>); 3] = [
            (EMBEDDED, Arc::new(InProcess::new())),
            (ONE_REDIS, Arc::new(OverRedis::new(&servers[..1], format!("one-{number}")))),
            (FOUR_REDIS, Arc::new(OverRedis::new(&servers, format!("four-{number}")))),
        ];
        trials.extend(backends.map(|(name, backend)| Trial {
            case: case.name,
            backend: name,
            run: Box::pin(async move { (case.run)(&*backend).await }),
        }));
    }
    let names = CASES.iter().map(|case| case.name);
    Grid::new(&[EMBEDDED, ONE_REDIS, FOUR_REDIS], names).run(trials).await
}

/// A deployment of its own on servers that others use too.
struct OverRedis {
    clock: Arc<ManualClock>,
    config: Config,
    servers: OnceCell<Servers>,
}

impl OverRedis {
    fn new(servers: &[Redis], key_prefix: String) -> Self {
        let shards = servers.iter().zip(["a", "b", "c", "d"]).map(|(server, name)| Server {
            name: name.to_owned(),
            weight: 1,
            url: server.url(),
            password_file: None,
            tls_ca_file: None,
        });
        let config =
            Config { key_prefix, shards: shards.collect(), settle_ms: 10, ..Config::default() };
        Self { clock: standing_clock(), config, servers: OnceCell::new() }
    }
}

impl Backend for OverRedis {
    fn attach(&self, sink: Arc<dyn Sink>) -> BoxFuture<'_, Arc<dyn Live>> {
        Box::pin(async move {
            let connect = || {
                let random = Arc::new(SeededRandom::new(1));
                Servers::connect(
                    self.config.clone(),
                    FixLimit::default(),
                    self.clock.clone(),
                    random,
                )
            };
            self.servers
                .get_or_try_init(connect)
                .await
                .expect("the servers are there")
                .attach(&sink)
        })
    }

    fn clock(&self) -> Arc<ManualClock> {
        self.clock.clone()
    }

    /// The server's clock can't be moved.
    fn pass_ms(&self, ms: u64) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(Duration::from_millis(ms)))
    }
}
