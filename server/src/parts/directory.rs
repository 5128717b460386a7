use std::sync::Arc;

use api::metrics::Metric;
use api::problems::Meaning;
use directory::Store;
use directory::embedded::EmbeddedStore;
use directory::postgres::{self, PostgresStore};
use model::Faults;

use super::{
    DATABASE_FILES, Deps, Doing, EMBEDDED_FILES, Live, Opened, OwnCheck, Part, SCHEMA_FITS, Server,
    faults_of, migrate, unusable_database, unusable_file,
};
use crate::config::{Config, StoreBackend};
use crate::readiness::{Condition, Ends};

/// What `/ready` and `check-config` call its database.
const DATABASE: &str = "postgres.directory";

/// Users, and who may see whom: served where live positions are.
pub(crate) struct Directory;

impl Part for Directory {
    fn name(&self) -> &'static str {
        "directory"
    }

    fn is_served(&self, config: &Config) -> bool {
        Live.is_served(config)
    }

    fn needs_data_dir(&self, config: &Config) -> bool {
        database(config).is_none()
    }

    fn validate(&self, config: &Config) -> Result<(), Faults> {
        let mut faults = Faults::default();
        faults.check_section("directory", config.directory.validate());
        faults.check_section(DATABASE, database(config).map_or(Ok(()), postgres::Config::validate));
        faults.result()
    }

    fn files_max(&self, config: &Config) -> u64 {
        database(config).map_or(EMBEDDED_FILES, |database| {
            u64::from(database.connections_max + database.readers_max) + DATABASE_FILES
        })
    }

    fn metrics(&self) -> &'static [&'static [Metric]] {
        &[directory::metrics::ALL]
    }

    fn problems(&self) -> &'static [Meaning] {
        directory::problems::ALL
    }

    fn own_checks(&self, config: &Config) -> Vec<OwnCheck> {
        database(config).map_or_else(Vec::new, |it| faults_of(DATABASE, it.check_files()))
    }

    fn check_data(&self, config: &Config) -> Result<(), Faults> {
        let mut faults = Faults::default();
        faults.check(EmbeddedStore::check(&config.data.dir).map_err(unusable_file("directory")));
        faults.result()
    }

    fn servers(&self, config: &Config) -> Vec<Server> {
        let server = database(config).cloned().map(|database| {
            Server::new(DATABASE, async move {
                let checked = postgres::check(&database).await;
                checked.map(|()| SCHEMA_FITS.to_owned()).map_err(unusable_database(DATABASE))
            })
        });
        server.into_iter().collect()
    }

    fn migrate<'a>(&self, config: &'a Config) -> Doing<'a, Option<String>> {
        Box::pin(migrate("directory", config.backends.directory, async {
            let migrated = postgres::migrate(&config.postgres.directory).await;
            migrated.map_err(unusable_database(DATABASE))
        }))
    }

    fn open<'a>(&self, deps: &'a Deps<'_>, opened: &'a mut Opened) -> Doing<'a, ()> {
        Box::pin(async {
            let directory = open_directory(deps, opened).await?;
            opened.pieces.push(Arc::new(directory.clone()));
            opened.routers.push(directory::http::router(directory, deps.context.clone()));
            Ok(())
        })
    }
}

/// Opens the directory for other parts too.
pub(super) async fn open_directory(
    deps: &Deps<'_>,
    opened: &mut Opened,
) -> Result<directory::Directory, String> {
    let config = deps.config;
    let store = open_store(deps).await?;
    let directory = directory::Directory::start(store, deps.clock.clone(), config.directory);
    opened.directory = Some(directory.clone());
    let (followed, is_server) = (directory.clone(), database(config).is_some());
    opened.watches.push(Box::new(move |readiness| {
        let writer = followed.clone();
        let writing = async move { writer.stopped().await };
        readiness.supervise("directory", Ends::Never, writing);
        if is_server {
            // While it is away it is so for every node, and positions and searches go on.
            readiness.follow_in_parts(DATABASE, move || Condition {
                fault: followed.fault(),
                is_broken: false,
            });
        }
    }));
    Ok(directory)
}

/// Where the directory is kept, if it isn't embedded.
fn database(config: &Config) -> Option<&postgres::Config> {
    let is_server = config.backends.directory == StoreBackend::Postgres;
    is_server.then_some(&config.postgres.directory)
}

async fn open_store(deps: &Deps<'_>) -> Result<Arc<dyn Store>, String> {
    let config = deps.config;
    let Some(database) = database(config) else {
        let store = EmbeddedStore::open(&config.data.dir).await;
        return Ok(Arc::new(store.map_err(unusable_file("directory"))?));
    };
    let (clock, random) = (deps.clock.clone(), deps.random.clone());
    let store = PostgresStore::connect(database, clock, random).await;
    Ok(Arc::new(store.map_err(unusable_database(DATABASE))?))
}
