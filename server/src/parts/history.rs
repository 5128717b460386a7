mod kept_fixes;
mod keys;
mod logs;
mod places;

use std::sync::Arc;

use api::metrics::Metric;
use api::problems::Meaning;
use history_writer::History;
use history_writer::streams::Leases;
use model::Faults;

use super::{Deps, Doing, Live, Opened, OwnCheck, Part, Server, unusable_database};
use crate::config::{Config, HistoryBackend, NodeRole};
use crate::readiness::Condition;
use kept_fixes::KeptFixes;
use logs::Logs;
use places::{Places, REGISTER};

/// What logs and errors call it.
const NAME: &str = "movement history";
/// What `/ready` calls it.
const PART: &str = "history";
/// What `check-config` calls its keys.
const KEYS: &str = "history keys";
/// What it calls the address at which others ask this process.
const ADDRESS: &str = "history log";

/// Where people were.
pub(crate) struct MovementHistory;

impl Part for MovementHistory {
    fn name(&self) -> &'static str {
        NAME
    }

    /// In a process that does everything, unless a deployment wants none.
    ///
    /// Embedded history belongs to one process, and a track is put together from all that a user has sent. So where several
    /// processes share live positions and the directory, and each would keep what came to it, it is off.
    fn is_served(&self, config: &Config) -> bool {
        let is_one_of_several = match config.backends.history {
            HistoryBackend::Embedded => config.backends.are_shared(),
            HistoryBackend::Cassandra => false,
        };
        let has_role = config.roles.contains(&NodeRole::HistoryWriter) || Live.is_served(config);
        config.history.enabled && has_role && !is_one_of_several
    }

    fn needs_data_dir(&self, config: &Config) -> bool {
        !logs::are_on_servers(config)
    }

    fn validate(&self, config: &Config) -> Result<(), Faults> {
        let mut faults = Faults::default();
        faults.check_section("history", config.history.validate());
        faults.check_all(places::validate(config));
        faults.check_all(logs::validate(config));
        faults.result()
    }

    fn files_max(&self, config: &Config) -> u64 {
        places::files_max(config) + logs::files_max(config)
    }

    fn metrics(&self) -> &'static [&'static [Metric]] {
        &[history_writer::metrics::ALL]
    }

    fn problems(&self) -> &'static [Meaning] {
        history_writer::problems::ALL
    }

    fn own_checks(&self, config: &Config) -> Vec<OwnCheck> {
        let mut checks: Vec<_> = match keys::check(&config.history.key_files) {
            Ok(said) => vec![(KEYS, Ok(said))],
            Err(faults) => faults.iter().map(|why| (KEYS, Err(why.to_string()))).collect(),
        };
        checks.extend(places::check_address(config).map(|checked| (ADDRESS, checked)));
        checks.extend(places::check_files(config));
        checks.extend(logs::check_files(config));
        checks
    }

    fn check_data(&self, config: &Config) -> Result<(), Faults> {
        let mut faults = Faults::default();
        faults.check_all(places::check_data(config));
        faults.check_all(logs::check_data(config));
        if config.history.key_files.is_empty() {
            faults.check(keys::own(&config.data.dir).read());
        }
        faults.result()
    }

    fn servers(&self, config: &Config) -> Vec<Server> {
        let mut servers = places::servers(config);
        servers.extend(logs::servers(config));
        servers
    }

    fn migrate<'a>(&self, config: &'a Config) -> Doing<'a, Option<String>> {
        Box::pin(places::migrate(config))
    }

    fn open<'a>(&self, deps: &'a Deps<'_>, opened: &'a mut Opened) -> Doing<'a, ()> {
        Box::pin(async {
            let (history, leases) = open_history(deps).await?;
            opened.kept_fixes = Some(Arc::new(KeptFixes(history.clone())));
            let router = history_writer::http::router(history.clone(), deps.context.clone());
            opened.routers.push(router);
            opened.pieces.push(Arc::new(history.clone()));
            let stopped = history.clone();
            opened.closes.push(Box::pin(async move {
                stopped.stop().await;
                if let Some(leases) = leases {
                    leases.stop().await;
                }
            }));
            opened.watches.push(Box::new(move |readiness| {
                // Positions go on without it.
                readiness.follow_own(PART, move || Condition {
                    fault: history.fault(),
                    is_broken: false,
                });
            }));
            Ok(())
        })
    }
}

async fn open_history(deps: &Deps<'_>) -> Result<(History, Option<Arc<Leases>>), String> {
    let (config, folder) = (&deps.config.history, &deps.config.data.dir);
    let Places { store, register, marks } = Places::open(deps.config).await?;
    // Before anything could be sealed by a key that isn't the one of what is there.
    let keys = keys::read(config, folder, &*register).await?;
    let Logs { log, owned, shared, leases, number } = Logs::open(deps, marks).await?;
    let history = History::start(history_writer::Deps {
        log,
        owned,
        store,
        register,
        shared_logs: shared,
        keys,
        chunking: config.chunking(number),
        retention_days: config.retention_days,
        clock: deps.clock.clone(),
        random: deps.random.clone(),
    });
    // Others are told of the log before anything comes into it.
    Ok((history.await.map_err(unusable_database(REGISTER))?, leases))
}
