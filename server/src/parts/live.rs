use std::sync::Arc;

use api::SystemRandom;
use api::metrics::Metric;
use api::problems::Meaning;
use directory::Directory;
use model::{ErrorChain, Faults};
use ws_gateway::live::embedded::Embedded;
use ws_gateway::live::redis::{self, Redis};
use ws_gateway::live::{self, FixLimit, Live as LivePath, Sink};
use ws_gateway::{Gateway, PositionPiece, router};

use super::{Deps, Doing, Opened, OwnCheck, Part, Server, redis_files};
use crate::config::{Config, LiveBackend, NodeRole, StoreBackend};
use crate::readiness::{Condition, Ends, Readiness, clock_fault};

/// Connections to a Redis server: one for commands, one to hear on, and those that take their places.
const SERVER_FILES: u64 = 4;

const NOT_SHARED: &str = "a role is given (--role, roles), but state is embedded: it lives inside one process, which \
can't share it with others. Set backends.live = \"redis\" and backends.directory = \"postgres\", or give no role, so that \
one process does everything.";

/// The sockets over which friends see each other, and what carries positions between gateways.
pub(crate) struct Live;

impl Part for Live {
    fn name(&self) -> &'static str {
        "live positions"
    }

    fn is_served(&self, config: &Config) -> bool {
        config.roles.is_empty() || config.roles.contains(&NodeRole::Gateway)
    }

    fn needs_data_dir(&self, _config: &Config) -> bool {
        false
    }

    fn validate(&self, config: &Config) -> Result<(), Faults> {
        let mut faults = Faults::default();
        faults.check_section("gateway", config.gateway.validate());
        if config.backends.live == LiveBackend::Redis {
            faults.check_section("redis", config.redis.validate());
        }
        let is_one_of_several = config.roles.contains(&NodeRole::Gateway);
        faults.unless(!is_one_of_several || config.backends.are_shared(), NOT_SHARED);
        faults.result()
    }

    fn files_max(&self, config: &Config) -> u64 {
        match config.backends.live {
            LiveBackend::Embedded => 0,
            LiveBackend::Redis => SERVER_FILES * config.redis.shards.len() as u64,
        }
    }

    fn own_checks(&self, config: &Config) -> Vec<OwnCheck> {
        match config.backends.live {
            LiveBackend::Embedded => Vec::new(),
            LiveBackend::Redis => redis_files(&config.redis.shards),
        }
    }

    fn metrics(&self) -> &'static [&'static [Metric]] {
        &[ws_gateway::metrics::ALL, redis::metrics::ALL]
    }

    fn problems(&self) -> &'static [Meaning] {
        ws_gateway::problems::ALL
    }

    fn placement(&self, config: &Config) -> Option<Result<String, String>> {
        let is_sharded = config.backends.live == LiveBackend::Redis;
        is_sharded.then(|| {
            let map = config.redis.shard_map().map_err(|why| format!("[redis] {why}"))?;
            let (epoch, digest, shards) = (map.epoch(), map.digest(), map.shards().len());
            Ok(format!("epoch {epoch}, digest {digest}, {shards} shards"))
        })
    }

    fn servers(&self, config: &Config) -> Vec<Server> {
        if config.backends.live == LiveBackend::Embedded {
            return Vec::new();
        }
        let server = |shard: &redis::Server| {
            let (shard, config) = (shard.clone(), config.redis.clone());
            Server::new(format!("redis {}", shard.name), async move {
                let checked = Redis::check(&shard, &config, &SystemRandom).await;
                let flaw = checked.map_err(|e| unusable(&e))?;
                Ok(flaw.map_or("answers".to_owned(), |flaw| format!("answers; {flaw}")))
            })
        };
        config.redis.shards.iter().map(server).collect()
    }

    fn open<'a>(&self, deps: &'a Deps<'_>, opened: &'a mut Opened) -> Doing<'a, ()> {
        Box::pin(async {
            let directory = opened.directory.clone().ok_or("live positions need the directory")?;
            let attach = open_live_path(deps).await?;
            let gateway = connect_gateway(deps, &directory, opened, attach);
            opened.pieces.push(Arc::new(PositionPiece::new(gateway.clone())));
            opened.routers.push(router(gateway.clone(), deps.context.clone()));
            let drained = gateway.clone();
            opened.drains.push(Box::pin(async move { drained.drain().await }));
            let backends = deps.config.backends;
            let is_server = backends.live == LiveBackend::Redis;
            let has_servers = is_server || backends.directory == StoreBackend::Postgres;
            opened.watches.push(Box::new(move |readiness| {
                readiness.supervise("gateway", Ends::Never, gateway.clone().run());
                if has_servers {
                    watch_clock(readiness, gateway.clone(), directory);
                }
                if is_server {
                    readiness.follow_in_parts("redis", move || Condition {
                        fault: gateway.live().fault(),
                        is_broken: gateway.live().unfit().is_some(),
                    });
                }
            }));
            Ok(())
        })
    }
}

/// Connects a gateway to what carries positions.
type Attach = Box<dyn FnOnce(Arc<dyn Sink>) -> Arc<dyn LivePath> + Send>;

async fn open_live_path(deps: &Deps<'_>) -> Result<Attach, String> {
    let (config, clock, random) = (deps.config, deps.clock.clone(), deps.random.clone());
    let limit = FixLimit { per_s: config.gateway.fixes_per_s, burst: config.gateway.fixes_burst };
    Ok(match config.backends.live {
        LiveBackend::Embedded => {
            let embedded = Embedded::new(clock, &*random, limit);
            Box::new(move |sink| embedded.attach(sink))
        }
        LiveBackend::Redis => {
            let connected = Redis::connect(config.redis.clone(), limit, clock, random);
            let redis = connected.await.map_err(|e| unusable(&e))?;
            Box::new(move |sink| redis.attach(&sink))
        }
    })
}

fn connect_gateway(
    deps: &Deps<'_>,
    directory: &Directory,
    opened: &Opened,
    attach: Attach,
) -> Arc<Gateway> {
    let config = deps.config;
    let gateway_deps = ws_gateway::Deps {
        clock: deps.clock.clone(),
        random: deps.random.clone(),
        verifier: deps.verifier.clone(),
        friends: Arc::new(directory.clone()),
        boards: opened.watched_boards.clone(),
        history: opened.kept_fixes.clone(),
        friends_are_shared: config.backends.directory == StoreBackend::Postgres,
    };
    let gateway = Gateway::new(config.gateway.clone(), gateway_deps, attach);
    // Weakly: the gateway holds the directory.
    let told = Arc::downgrade(&gateway);
    directory.listen(move |change| match told.upgrade() {
        Some(gateway) => gateway.directory_changed(change),
        None => Box::pin(std::future::ready(())),
    });
    gateway
}

fn watch_clock(readiness: &Readiness, gateway: Arc<Gateway>, directory: Directory) {
    readiness.follow("clock", move || {
        let mut offsets_ms = gateway.live().clock_offsets_ms();
        offsets_ms.extend(directory.clock_offset_ms());
        clock_fault(&offsets_ms)
    });
}

/// What to do about a Redis server that can't be used.
fn unusable(error: &live::Error) -> String {
    let error = ErrorChain(error);
    format!("{error}. See that it runs, and what redis.shards says in the settings.")
}
