//! Opens the backends that the settings choose: the one place where a choice becomes an adapter.

mod files;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use api::SystemRandom;
use directory::Store;
use directory::embedded::EmbeddedStore;
use directory::postgres::PostgresStore;
use futures_util::future::BoxFuture;
use model::{Clock, Random};
use proximity::Proximity;
use shard_map::ShardMap;
use ws_gateway::live::embedded::Embedded;
use ws_gateway::live::redis::Redis;
use ws_gateway::live::{FixLimit, Live, Sink};

use crate::config::{Backends, BusinessesBackend, Config, DirectoryBackend, LiveBackend};

/// Connects a gateway.
pub(crate) type Attach = Box<dyn FnOnce(Arc<dyn Sink>) -> Arc<dyn Live> + Send>;

/// The live path, opened, before it is attached to a gateway.
pub(crate) struct OpenLive {
    pub(crate) attach: Attach,
    /// What `/ready` calls it, if it is a server that may be away.
    pub(crate) part: Option<&'static str>,
}

/// The directory's store, opened.
pub(crate) struct OpenDirectory {
    pub(crate) store: Arc<dyn Store>,
    /// What `/ready` calls it, if it is a server that may be away.
    pub(crate) part: Option<&'static str>,
}

/// The businesses, opened.
pub(crate) struct OpenBusinesses {
    pub(crate) businesses: Proximity,
    /// What `/ready` calls their store, if it is a server that may be away.
    pub(crate) part: Option<&'static str>,
}

/// A server, to be checked.
pub(crate) struct Server {
    pub(crate) name: String,
    /// Answers how it is, or what to do about it.
    pub(crate) reached: BoxFuture<'static, Result<String, String>>,
}

impl Backends {
    /// Opens the live path: every server has been reached.
    pub(crate) async fn open_live(
        self,
        config: &Config,
        clock: &Arc<dyn Clock>,
        random: &Arc<dyn Random>,
    ) -> Result<OpenLive, String> {
        let limit =
            FixLimit { per_s: config.gateway.fixes_per_s, burst: config.gateway.fixes_burst };
        match self.live {
            LiveBackend::Embedded => {
                let embedded = Embedded::new(clock.clone(), &**random).with_limit(limit);
                Ok(OpenLive { attach: Box::new(move |sink| embedded.attach(sink)), part: None })
            }
            LiveBackend::Redis => {
                let (redis, clock, random) = (config.redis.clone(), clock.clone(), random.clone());
                let connected = Redis::connect_with(redis, limit, clock, random);
                let redis = connected.await.map_err(|e| unusable_redis(&e))?;
                Ok(OpenLive {
                    attach: Box::new(move |sink| redis.attach(&sink)),
                    part: Some("redis"),
                })
            }
        }
    }

    /// Opens the directory. An embedded one lies in `data_dir`, which must exist.
    pub(crate) async fn open_directory(
        self,
        config: &Config,
        data_dir: &Path,
        clock: &Arc<dyn Clock>,
        random: &Arc<dyn Random>,
    ) -> Result<OpenDirectory, String> {
        match self.directory {
            DirectoryBackend::Embedded => {
                let store = EmbeddedStore::open(data_dir).await.map_err(|error| {
                    let newer = matches!(error, directory::Error::NewerVersion { .. });
                    unusable_file(&error, newer)
                })?;
                Ok(OpenDirectory { store: Arc::new(store), part: None })
            }
            DirectoryBackend::Postgres => {
                let database = &config.postgres.directory;
                let connected = PostgresStore::connect(database, clock.clone(), random.clone());
                let store = connected.await.map_err(unusable_directory)?;
                Ok(OpenDirectory { store: Arc::new(store), part: Some("postgres.directory") })
            }
        }
    }

    /// Opens the businesses. Embedded ones lie in `data_dir`, which must exist.
    pub(crate) async fn open_businesses(
        self,
        config: &Config,
        data_dir: &Path,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<OpenBusinesses, String> {
        let (store, part): (Arc<dyn proximity::Store>, _) = match self.businesses {
            BusinessesBackend::Embedded => {
                let store = proximity::embedded::EmbeddedStore::open(data_dir).await;
                let store = store.map_err(|error| {
                    let newer = matches!(error, proximity::Error::NewerVersion { .. });
                    unusable_file(&error, newer)
                })?;
                (Arc::new(store), None)
            }
            BusinessesBackend::Postgres => {
                let databases = &config.postgres.businesses;
                let connected = proximity::postgres::PostgresStore::connect(databases).await;
                let store = connected.map_err(unusable_businesses)?;
                (Arc::new(store), Some("postgres.businesses"))
            }
        };
        let businesses = Proximity::start(store, clock, random, config.proximity.limits());
        Ok(OpenBusinesses { businesses, part })
    }

    /// Where users live, in words, if there are several places.
    pub(crate) fn placement(self, config: &Config) -> Option<Result<String, String>> {
        match self.live {
            LiveBackend::Embedded => None,
            LiveBackend::Redis => {
                let map = config.redis.shard_map().map_err(|why| format!("[redis] {why}"));
                let words = |map: ShardMap| {
                    format!(
                        "epoch {}, digest {}, {} shards",
                        map.epoch(),
                        map.digest(),
                        map.shards().len()
                    )
                };
                Some(map.map(words))
            }
        }
    }

    /// Every server that the process with these settings uses, with a future that reaches it.
    pub(crate) fn servers(self, config: &Config) -> Vec<Server> {
        let mut servers = Vec::new();
        let (friends, businesses) = (config.serves_friends(), config.serves_businesses());
        if friends && self.live == LiveBackend::Redis {
            servers.extend(redis_servers(&config.redis));
        }
        if friends && self.directory == DirectoryBackend::Postgres {
            let database = config.postgres.directory.clone();
            servers.push(Server::new("postgres.directory", async move {
                let checked = directory::postgres::check(&database).await;
                checked.map(|()| SCHEMA_FITS.to_owned()).map_err(unusable_directory)
            }));
        }
        if businesses && self.businesses == BusinessesBackend::Postgres {
            servers.extend(business_servers(&config.postgres.businesses));
        }
        servers
    }

    /// Brings the schemas in the databases up to date; answers in words what was done, a line for each part.
    pub(crate) async fn migrate(self, config: &Config) -> Result<String, String> {
        let directory = match self.directory {
            DirectoryBackend::Embedded => nothing_to_migrate("directory"),
            DirectoryBackend::Postgres => {
                let migrated = directory::postgres::migrate(&config.postgres.directory).await;
                let migrated = migrated.map_err(unusable_directory)?;
                migrated_words("directory", migrated.from, migrated.to)
            }
        };
        let businesses = match self.businesses {
            BusinessesBackend::Embedded => nothing_to_migrate("businesses"),
            BusinessesBackend::Postgres => {
                let migrated = proximity::postgres::migrate(&config.postgres.businesses).await;
                let migrated = migrated.map_err(unusable_businesses)?;
                migrated_words("businesses", migrated.from, migrated.to)
            }
        };
        Ok(format!("{directory}\n{businesses}"))
    }
}

impl Server {
    fn new(
        name: impl Into<String>,
        reached: impl Future<Output = Result<String, String>> + Send + 'static,
    ) -> Self {
        Self { name: name.into(), reached: Box::pin(reached) }
    }
}

const SCHEMA_FITS: &str = "answers, with the schema that is needed";

fn redis_servers(config: &ws_gateway::live::redis::Config) -> Vec<Server> {
    let server = |shard: &ws_gateway::live::redis::Server| {
        let (shard, config) = (shard.clone(), config.clone());
        Server::new(format!("redis {}", shard.name), async move {
            let checked = Redis::check(&shard, &config, &SystemRandom).await;
            let flaw = checked.map_err(|e| unusable_redis(&e))?;
            Ok(flaw.map_or("answers".to_owned(), |flaw| format!("answers; {flaw}")))
        })
    };
    config.shards.iter().map(server).collect()
}

fn business_servers(config: &proximity::postgres::Config) -> Vec<Server> {
    let databases = config.clone();
    let primary = Server::new("postgres.businesses", async move {
        let connected = proximity::postgres::PostgresStore::connect(&databases).await;
        connected.map(|_| SCHEMA_FITS.to_owned()).map_err(unusable_businesses)
    });
    let replica = |number: usize| {
        let databases = config.clone();
        Server::new(format!("postgres.businesses replica {}", number + 1), async move {
            let url = &databases.replicas[number];
            let looked = proximity::postgres::look_at_replica(&databases, url).await;
            looked.map_err(unusable_businesses)
        })
    };
    std::iter::once(primary).chain((0..config.replicas.len()).map(replica)).collect()
}

fn nothing_to_migrate(part: &str) -> String {
    format!(
        "{part}: nothing to do, what is embedded (backends.{part}) brings itself up to date when it is opened."
    )
}

fn migrated_words(part: &str, from: i64, to: i64) -> String {
    if from == to {
        format!("{part}: nothing to do, the schema is {to}.")
    } else {
        format!("{part}: the schema was {from} and now is {to}.")
    }
}

/// What to do about a Redis server that can't be used.
fn unusable_redis(error: &impl fmt::Display) -> String {
    format!("{error}. See that it runs, and what redis.shards says in the settings.")
}

/// What to do about the directory's database if it can't be used.
fn unusable_directory(error: directory::Error) -> String {
    match error {
        directory::Error::NewerVersion { .. } => start_newer(&error),
        directory::Error::Unusable(why) => named_by("postgres.directory", &why),
        other => other.to_string(),
    }
}

/// What to do about the businesses' databases if they can't be used.
fn unusable_businesses(error: proximity::Error) -> String {
    match error {
        proximity::Error::NewerVersion { .. } => start_newer(&error),
        proximity::Error::Unusable(why) => named_by("postgres.businesses", &why),
        other => other.to_string(),
    }
}

fn start_newer(error: &impl fmt::Display) -> String {
    format!("{error}. Start that version.")
}

fn named_by(section: &str, why: &str) -> String {
    format!("{why}. The server is the one that [{section}] names in the settings.")
}

/// What to do about a file that can't be opened.
fn unusable_file(error: &impl fmt::Display, is_newer: bool) -> String {
    let remedy = if is_newer {
        "Start that version"
    } else {
        "See that the disk has room and the file may be written to, restore a backup"
    };
    format!("{error}. {remedy}, or choose another folder with --data DIR.")
}
