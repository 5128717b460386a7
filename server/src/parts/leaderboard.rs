use std::sync::Arc;

use api::metrics::Metric;
use directory::Directory;
use futures_util::future::BoxFuture;
use leaderboard::embedded::EmbeddedLog;
use leaderboard::{Error, Leaderboard, People};
use model::UserId;

use super::{Deps, Live, Opened, Part, Server, unusable_file};
use crate::config::{Config, NodeRole};
use crate::readiness::Ends;

/// What `/ready` calls what is on disk.
const LOG: &str = "leaderboard log";

/// The file that is written, the one after it, their folder, and one to spare.
const FILES: u64 = 4;

const NOT_SHARED: &str = "the role leaderboard is given (--role, roles) without gateway, but leaderboards are embedded: \
they live inside one process, together with the users whose names they show. Add the role gateway to it, or give no role, so \
that one process does everything.";

/// Boards and scores: embedded, so in one process.
pub(crate) struct Leaderboards;

impl Part for Leaderboards {
    fn name(&self) -> &'static str {
        "leaderboards"
    }

    /// Where the role is named, or where a process has all roles and shares nothing with others: each would have other boards
    /// in its own folder.
    fn is_served(&self, config: &Config) -> bool {
        config.roles.contains(&NodeRole::Leaderboard)
            || config.roles.is_empty() && !config.backends.are_shared()
    }

    fn needs_data_dir(&self, _config: &Config) -> bool {
        true
    }

    fn validate(&self, config: &Config) -> Result<(), String> {
        let is_alone = self.is_served(config) && !Live.is_served(config);
        if is_alone { Err(NOT_SHARED.to_owned()) } else { Ok(()) }
    }

    fn files_max(&self, _config: &Config) -> u64 {
        FILES
    }

    fn metrics(&self) -> &'static [&'static [Metric]] {
        &[leaderboard::metrics::ALL]
    }

    fn servers(&self, _config: &Config) -> Vec<Server> {
        Vec::new()
    }

    fn open<'a>(
        &self,
        deps: &'a Deps<'_>,
        opened: &'a mut Opened,
    ) -> BoxFuture<'a, Result<(), String>> {
        Box::pin(async {
            let directory = opened.directory.clone().ok_or("leaderboards need the directory")?;
            let data_dir = &deps.config.data.dir;
            let log = EmbeddedLog::open(data_dir, deps.random.as_ref()).await;
            let log = log.map_err(unusable_file("leaderboards"))?;
            let (index, people) = (Arc::new(log.index()), Arc::new(Users(directory)));
            let boards = Leaderboard::start(Arc::new(log), index, people, deps.clock.clone());
            opened.routers.push(leaderboard::http::router(boards.clone(), deps.context.clone()));
            opened.watches.push(Box::new(move |readiness| {
                let writer = boards.clone();
                let writing = async move { writer.stopped().await };
                readiness.supervise("leaderboards", Ends::Never, writing);
                readiness.follow_own(LOG, move || boards.fault());
            }));
            Ok(())
        })
    }
}

/// The users of the directory, as boards show them.
struct Users(Directory);

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
