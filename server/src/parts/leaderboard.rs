mod standings;
mod watched;

use std::sync::Arc;

use api::metrics::Metric;
use api::problems::Meaning;
use futures_util::future::BoxFuture;
use leaderboard::embedded::EmbeddedLog;
use leaderboard::postgres::{self, PostgresLog};
use leaderboard::{Error, FollowingIndex, Index, Leaderboard, Log, People};
use model::{Faults, UserId};

use super::directory::open_directory;
use super::{
    DATABASE_FILES, Deps, Directory, Doing, Live, Opened, OwnCheck, Part, SCHEMA_FITS, Server,
    faults_of, migrate, unusable_database, unusable_file,
};
use crate::config::{Config, NodeRole, StoreBackend};
use crate::readiness::{Condition, Ends};
use watched::WatchedBoards;

/// What `/ready` calls what is on disk.
const LOG: &str = "leaderboard log";
/// What `/ready` and `check-config` call its database.
const DATABASE: &str = "postgres.leaderboards";

/// The file that is written, the one after it, their folder, and one to spare.
const FILES: u64 = 4;
/// Connections to a database that write and tidy up.
const WRITING_FILES: u64 = 2;

const NOT_SHARED: &str = "the role leaderboard is given (--role, roles) without gateway, but leaderboards, or the users whose \
names they show, are embedded: they live inside one process, and no other has them. Set backends.leaderboards and \
backends.directory to \"postgres\", or add the role gateway, or give no role, so that one process does everything.";

/// Boards and scores.
pub(crate) struct Leaderboards;

impl Part for Leaderboards {
    fn name(&self) -> &'static str {
        "leaderboards"
    }

    /// Where the role is named, or where a process has all roles.
    ///
    /// Embedded ones belong to one process. So where several share live positions and the directory, and each would have
    /// other boards in its own folder, the role must be named, in one of them. A gateway without the role only shows boards to
    /// those who watch them, if log and standings are where it can read them.
    fn is_served(&self, config: &Config) -> bool {
        let is_readable = database(config).is_some() && standings::are_on_servers(config);
        has_role(config) || Live.is_served(config) && is_readable
    }

    fn needs_data_dir(&self, config: &Config) -> bool {
        database(config).is_none()
    }

    fn validate(&self, config: &Config) -> Result<(), Faults> {
        let mut faults = Faults::default();
        faults.check_section("leaderboard", config.leaderboard.validate());
        let database = database(config);
        let are_shared = database.is_some() && config.backends.directory == StoreBackend::Postgres;
        faults.unless(!is_alone(config) || are_shared, NOT_SHARED);
        faults.check_section(DATABASE, database.map_or(Ok(()), postgres::Config::validate));
        faults.check_all(standings::validate(config));
        faults.result()
    }

    fn files_max(&self, config: &Config) -> u64 {
        let users = if is_alone(config) { Directory.files_max(config) } else { 0 };
        users
            + standings::files_max(config)
            + database(config).map_or(FILES, |database| {
                u64::from(database.readers_max) + WRITING_FILES + DATABASE_FILES
            })
    }

    fn metrics(&self) -> &'static [&'static [Metric]] {
        &[leaderboard::metrics::ALL]
    }

    fn problems(&self) -> &'static [Meaning] {
        leaderboard::problems::ALL
    }

    fn own_checks(&self, config: &Config) -> Vec<OwnCheck> {
        let mut checks = if is_alone(config) { Directory.own_checks(config) } else { Vec::new() };
        checks.extend(
            database(config).into_iter().flat_map(|it| faults_of(DATABASE, it.check_files())),
        );
        checks.extend(standings::own_checks(config));
        checks
    }

    fn check_data(&self, config: &Config) -> Result<(), Faults> {
        let mut faults = Faults::default();
        faults.check(EmbeddedLog::check(&config.data.dir).map_err(unusable_file("leaderboards")));
        faults.result()
    }

    fn servers(&self, config: &Config) -> Vec<Server> {
        let mut servers = if is_alone(config) { Directory.servers(config) } else { Vec::new() };
        servers.extend(database(config).cloned().map(|database| {
            Server::new(DATABASE, async move {
                let checked = postgres::check(&database).await;
                checked.map(|()| SCHEMA_FITS.to_owned()).map_err(unusable_database(DATABASE))
            })
        }));
        servers.extend(standings::servers(config));
        servers
    }

    fn migrate<'a>(&self, config: &'a Config) -> Doing<'a, Option<String>> {
        Box::pin(migrate("leaderboards", config.backends.leaderboards, async {
            let migrated = postgres::migrate(&config.postgres.leaderboards).await;
            migrated.map_err(unusable_database(DATABASE))
        }))
    }

    fn open<'a>(&self, deps: &'a Deps<'_>, opened: &'a mut Opened) -> Doing<'a, ()> {
        Box::pin(async {
            let directory = match opened.directory.clone() {
                Some(directory) => directory,
                None => open_directory(deps, opened).await?,
            };
            let (log, index) = open_log(deps).await?;
            let people = Arc::new(Users(directory));
            let (clock, random) = (deps.clock.clone(), deps.random.clone());
            let settings = deps.config.leaderboard;
            let boards = Leaderboard::start(settings, log, index, people, clock.clone(), random);
            opened.watched_boards = Some(Arc::new(WatchedBoards::new(boards.clone(), clock)));
            opened.pieces.push(Arc::new(boards.clone()));
            if has_role(deps.config) {
                let router = leaderboard::http::router(boards.clone(), deps.context.clone());
                opened.routers.push(router);
            }
            let is_server = database(deps.config).is_some();
            let are_standings_elsewhere = standings::are_on_servers(deps.config);
            opened.watches.push(Box::new(move |readiness| {
                if are_standings_elsewhere {
                    standings::watch(readiness, boards.clone());
                }
                let writer = boards.clone();
                let writing = async move { writer.stopped().await };
                readiness.supervise("leaderboards", Ends::Never, writing);
                if is_server {
                    // While it is away it is so for every node, and all the rest goes on.
                    readiness.follow_in_parts(DATABASE, move || Condition {
                        fault: boards.fault(),
                        is_broken: false,
                    });
                } else {
                    readiness.follow_own(LOG, move || Condition::broken_by(boards.fault()));
                }
            }));
            Ok(())
        })
    }
}

/// Whether a process takes scores and answers questions about boards.
fn has_role(config: &Config) -> bool {
    let is_one_of_several = config.backends.are_shared();
    config.roles.contains(&NodeRole::Leaderboard)
        || config.roles.is_empty() && (database(config).is_some() || !is_one_of_several)
}

/// Whether a process serves leaderboards without users, whose names it then reads where they are.
fn is_alone(config: &Config) -> bool {
    Leaderboards.is_served(config) && !Live.is_served(config)
}

/// Where the log is kept, if it isn't embedded.
fn database(config: &Config) -> Option<&postgres::Config> {
    let is_server = config.backends.leaderboards == StoreBackend::Postgres;
    is_server.then_some(&config.postgres.leaderboards)
}

async fn open_log(deps: &Deps<'_>) -> Result<(Arc<dyn Log>, Arc<dyn Index>), String> {
    let config = deps.config;
    let (log, own): (Arc<dyn Log>, Option<Arc<dyn Index>>) =
        if let Some(database) = database(config) {
            let log = PostgresLog::connect(database, config.leaderboard, deps.clock.clone()).await;
            (Arc::new(log.map_err(unusable_database(DATABASE))?), None)
        } else {
            let log =
                EmbeddedLog::open(&config.data.dir, config.leaderboard, deps.random.as_ref()).await;
            let log = log.map_err(unusable_file("leaderboards"))?;
            let index = log.index();
            (Arc::new(log), Some(Arc::new(index)))
        };
    let index = match own {
        _ if standings::are_on_servers(config) => standings::open(deps, &log)?,
        Some(own) => own,
        None => Arc::new(FollowingIndex::start(Arc::clone(&log), deps.random.clone())),
    };
    Ok((log, index))
}

/// The users of the directory, as boards show them.
struct Users(directory::Directory);

impl People for Users {
    fn names<'a>(
        &'a self,
        users: &'a [UserId],
    ) -> BoxFuture<'a, Result<Vec<Option<String>>, Error>> {
        Box::pin(async {
            let found = self.0.names(users).await.map_err(failed)?;
            Ok(found.into_iter().map(|name| Some(name?.as_str().to_owned())).collect())
        })
    }

    fn friends<'a>(&'a self, user: &'a UserId) -> BoxFuture<'a, Result<Vec<UserId>, Error>> {
        Box::pin(async {
            let circle = self.0.circle(user).await.map_err(failed)?;
            Ok(circle.friends.into_iter().map(|friend| friend.id).collect())
        })
    }
}

/// A read is never refused, so it is the store that failed.
fn failed(error: directory::Error) -> Error {
    match error {
        directory::Error::Store(error) => error.into(),
        directory::Error::Refused(refusal) => {
            leaderboard::StoreError::internal("the directory refused to be read")
                .caused_by(refusal)
                .into()
        }
    }
}
