//! Opens the backends that the settings choose: the one place where a choice becomes an adapter.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use directory::Store;
use directory::embedded::EmbeddedStore;
use directory::postgres::{self, PostgresStore};
use model::{Clock, Random};
use proximity::Proximity;
use ws_gateway::embedded::Embedded;
use ws_gateway::port::{Async, Live, Sink};
use ws_gateway::redis::Redis;

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

/// A server, to be checked.
pub(crate) struct Server {
    pub(crate) name: String,
    /// Answers how it is, or what to do about it.
    pub(crate) reached: Async<'static, Result<String, String>>,
}

impl Backends {
    /// Opens the live path: every server has been reached.
    pub(crate) async fn open_live(
        self,
        config: &Config,
        clock: &Arc<dyn Clock>,
        random: &Arc<dyn Random>,
    ) -> Result<OpenLive, String> {
        match self.live {
            LiveBackend::Embedded => {
                let embedded = Embedded::new(clock.clone(), &**random);
                Ok(OpenLive { attach: Box::new(move |sink| embedded.attach(sink)), part: None })
            }
            LiveBackend::Redis => {
                let connected = Redis::connect(config.redis.clone(), clock.clone(), random.clone());
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
                let connected = PostgresStore::connect(&config.postgres).await;
                let store = connected.map_err(unusable_postgres)?;
                Ok(OpenDirectory { store: Arc::new(store), part: Some("postgres") })
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
    ) -> Result<Proximity, String> {
        let store = match self.businesses {
            BusinessesBackend::Embedded => {
                let store = proximity::embedded::EmbeddedStore::open(data_dir).await;
                store.map_err(|error| {
                    let newer = matches!(error, proximity::Error::NewerVersion { .. });
                    unusable_file(&error, newer)
                })?
            }
        };
        Ok(Proximity::start(Arc::new(store), clock, random, config.proximity))
    }

    /// Where users live, in words, if there are several places.
    pub(crate) fn placement(self, config: &Config) -> Option<Result<String, String>> {
        match self.live {
            LiveBackend::Embedded => None,
            LiveBackend::Redis => {
                let map = config.redis.shard_map().map_err(|why| format!("[redis] {why}"));
                Some(map.map(|map| format!("epoch {}, {} shards", map.epoch(), map.shards().len())))
            }
        }
    }

    /// Every server that is used, with a future that reaches it.
    pub(crate) fn servers(self, config: &Config) -> Vec<Server> {
        let mut servers = Vec::new();
        if self.live == LiveBackend::Redis {
            servers.extend(config.redis.shards.iter().map(|shard| {
                let (name, server, redis) =
                    (format!("redis {}", shard.name), shard.clone(), config.redis.clone());
                let reached = async move {
                    let flaw = Redis::check(&server, &redis).await;
                    let flaw = flaw.map_err(|e| unusable_redis(&e))?;
                    Ok(flaw.map_or("answers".to_owned(), |flaw| format!("answers; {flaw}")))
                };
                Server { name, reached: Box::pin(reached) }
            }));
        }
        if self.directory == DirectoryBackend::Postgres {
            let postgres = config.postgres.clone();
            let reached = async move {
                let connected = PostgresStore::connect(&postgres).await;
                connected
                    .map(|_| "answers, with the schema that is needed".to_owned())
                    .map_err(unusable_postgres)
            };
            servers.push(Server { name: "postgres".to_owned(), reached: Box::pin(reached) });
        }
        servers
    }

    /// Brings the directory's schema up to date; answers in words what was done.
    pub(crate) async fn migrate(self, config: &Config) -> Result<String, String> {
        match self.directory {
            DirectoryBackend::Embedded => Ok(
                "Nothing to do: an embedded directory (backends.directory) brings itself up to date when it is opened."
                    .to_owned(),
            ),
            DirectoryBackend::Postgres => {
                let migrated = postgres::migrate(&config.postgres).await;
                let postgres::Migrated { from, to } = migrated.map_err(unusable_postgres)?;
                Ok(if from == to {
                    format!("Nothing to do: the directory has schema {to}.")
                } else {
                    format!("The directory had schema {from} and now has schema {to}.")
                })
            }
        }
    }
}

/// What to do about a Redis server that can't be used.
fn unusable_redis(error: &impl fmt::Display) -> String {
    format!("{error}. See that it runs, and what redis.shards says in the settings.")
}

/// What to do about a database that can't be used.
fn unusable_postgres(error: directory::Error) -> String {
    match error {
        directory::Error::NewerVersion { .. } => format!("{error}. Start that version."),
        directory::Error::Unusable(why) => {
            format!("{why}. The server is the one that [postgres] names in the settings.")
        }
        other => other.to_string(),
    }
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
