use std::sync::Arc;

use api::metrics::Metric;
use api::problems::Meaning;
use model::{Clock, Faults, Random};
use proximity::embedded::EmbeddedStore;
use proximity::postgres::{self, PostgresStore};
use proximity::{Proximity, Store};

use super::{
    DATABASE_FILES, Deps, Doing, EMBEDDED_FILES, Live, Opened, OwnCheck, Part, SCHEMA_FITS, Server,
    faults_of, migrate, unusable_database, unusable_file,
};
use crate::config::{Config, NodeRole, StoreBackend};
use crate::readiness::Ends;

/// What `/ready` and `check-config` call its database.
const DATABASE: &str = "postgres.businesses";

const NOT_SHARED: &str = "the role businesses is given (--role, roles) without gateway, but businesses are embedded: \
they live inside one process, and no other has them. Set backends.businesses = \"postgres\", or give no role, so that one \
process does everything.";

/// Businesses, and searches for them.
pub(crate) struct Businesses;

impl Part for Businesses {
    fn name(&self) -> &'static str {
        "businesses"
    }

    /// Where the role is named, or where a process has all roles.
    ///
    /// Embedded ones belong to one process. So where several share live positions and the directory, and each would have
    /// other businesses in its own folder, the role must be named, in one of them.
    fn is_served(&self, config: &Config) -> bool {
        let is_one_of_several = config.backends.are_shared();
        config.roles.contains(&NodeRole::Businesses)
            || config.roles.is_empty() && !(is_one_of_several && self.needs_data_dir(config))
    }

    fn needs_data_dir(&self, config: &Config) -> bool {
        database(config).is_none()
    }

    fn validate(&self, config: &Config) -> Result<(), Faults> {
        let mut faults = Faults::default();
        faults.check_section("proximity", config.proximity.validate());
        match database(config) {
            Some(databases) => faults.check_section(DATABASE, databases.validate()),
            None => faults.unless(Live.is_served(config) || !self.is_served(config), NOT_SHARED),
        }
        faults.result()
    }

    fn files_max(&self, config: &Config) -> u64 {
        database(config).map_or(EMBEDDED_FILES, |databases| {
            let servers = 1 + databases.replicas.len() as u64;
            let to_each = u64::from(databases.readers_max) + DATABASE_FILES;
            u64::from(databases.writers_max) + servers * to_each
        })
    }

    fn metrics(&self) -> &'static [&'static [Metric]] {
        &[proximity::metrics::ALL]
    }

    fn problems(&self) -> &'static [Meaning] {
        proximity::problems::ALL
    }

    fn own_checks(&self, config: &Config) -> Vec<OwnCheck> {
        database(config).map_or_else(Vec::new, |it| faults_of(DATABASE, it.check_files()))
    }

    fn check_data(&self, config: &Config) -> Result<(), Faults> {
        let mut faults = Faults::default();
        faults.check(EmbeddedStore::check(&config.data.dir).map_err(unusable_file("businesses")));
        faults.result()
    }

    fn servers(&self, config: &Config) -> Vec<Server> {
        database(config).map_or_else(Vec::new, database_servers)
    }

    fn migrate<'a>(&self, config: &'a Config) -> Doing<'a, Option<String>> {
        Box::pin(migrate("businesses", config.backends.businesses, async {
            let migrated = postgres::migrate(&config.postgres.businesses).await;
            migrated.map_err(unusable_database(DATABASE))
        }))
    }

    fn open<'a>(&self, deps: &'a Deps<'_>, opened: &'a mut Opened) -> Doing<'a, ()> {
        Box::pin(async {
            let config = deps.config;
            let businesses =
                open_businesses(config, deps.clock.clone(), deps.random.clone()).await?;
            businesses.keep_resident(config.proximity.resident);
            opened.routers.push(proximity::http::router(businesses.clone(), deps.context.clone()));
            opened.pieces.push(Arc::new(businesses.clone()));
            opened.businesses = Some(businesses.clone());
            let is_server = database(config).is_some();
            opened.watches.push(Box::new(move |readiness| {
                let writer = businesses.clone();
                let writing = async move { writer.stopped().await };
                readiness.supervise("businesses", Ends::Never, writing);
                if is_server {
                    readiness.follow(DATABASE, move || businesses.fault());
                }
            }));
            Ok(())
        })
    }
}

/// Where businesses are kept, if they aren't embedded.
fn database(config: &Config) -> Option<&postgres::Config> {
    let is_server = config.backends.businesses == StoreBackend::Postgres;
    is_server.then_some(&config.postgres.businesses)
}

/// Opens the businesses, wherever the settings say that they are. The data folder must exist.
pub(crate) async fn open_businesses(
    config: &Config,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
) -> Result<Proximity, String> {
    let store: Arc<dyn Store> = if let Some(databases) = database(config) {
        let store = PostgresStore::connect(databases).await;
        Arc::new(store.map_err(unusable_database(DATABASE))?)
    } else {
        let store = EmbeddedStore::open(&config.data.dir).await;
        Arc::new(store.map_err(unusable_file("businesses"))?)
    };
    Ok(Proximity::start(store, clock, random, config.proximity.limits()))
}

fn database_servers(config: &postgres::Config) -> Vec<Server> {
    let databases = config.clone();
    let primary = Server::new(DATABASE, async move {
        let connected = PostgresStore::connect(&databases).await;
        connected.map(|_| SCHEMA_FITS.to_owned()).map_err(unusable_database(DATABASE))
    });
    let replica = |number: usize| {
        let databases = config.clone();
        Server::new(format!("{DATABASE} replica {}", number + 1), async move {
            let url = &databases.replicas[number];
            postgres::look_at_replica(&databases, url).await.map_err(unusable_database(DATABASE))
        })
    };
    std::iter::once(primary).chain((0..config.replicas.len()).map(replica)).collect()
}
