//! Ranks on Redis servers.
//!
//! ```text
//! Log ─▶ Follower, one a server ─▶ Shard: take.lua, or begin, build and finish.lua ─▶ Redis ─▶ PUBLISH ─▶ Subscriber ─▶ watchers
//! page · players · view ─▶ read.lua on one server, or on all ─▶ Reading: believed, or the follower looks ─▶ merged
//! ```
//!
//! A board is a hash (its state: which log, up to where, how it is laid out, how many stand there) and, for each season, the
//! keys that `scripts/put.lua` describes. Each change of it is one script, so that whatever is read, and whatever an older
//! copy of the server's data has, is as of one position.
//!
//! Over several servers players are placed by a shard map: ranks are sums of counts, pages are merged. Boards with dense
//! ranks lie on one server each, since equal scores of different servers can't be told from their counts. Servers take changes
//! independently: while scores come an answer of several is exact at each server's own position, and says the lowest and the highest of them.
//!
//! # Invariants
//! * Nothing is answered from a server that has less than it once had, or another log's, or not everybody: the follower
//!   makes it good first.
//! * Keys of a board that is being built anew are others than those that are read.
//! * Whoever isn't shown has no key: who is erased leaves no name. Servers that hold boards no more are cleared for that.
//!
//! # Limits
//! Scores within ±2^53 ([`RANGE`]): a sorted set has doubles. Keys' names are made in scripts from those that are passed, so
//! a Redis Cluster can't be one of the servers.

pub mod crash_points;
mod keys;
mod layout;
mod merge;
mod pages;
mod reading;
mod retired;
mod scripts;
mod server;
mod shard;
mod subscriber;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;
use model::{Random, UserId};
use shard_map::ShardMap;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::index::follower::{Follower, Progress};
use crate::index::watchers::Watchers;
use crate::{
    Answer, Board, BoardNumber, BoardPosition, Index, Log, Page, PageStart, Players, ScoreRange,
    StoreError, View,
};
use keys::Keys;
use layout::Layouts;
use server::Server;
use shard::Shard;
use subscriber::Subscriber;

pub use redis_connection::Server as ServerConfig;

/// The scores that a sorted set keeps exactly.
pub const RANGE: ScoreRange = ScoreRange { min: -(1 << 53), max: 1 << 53 };

/// How boards are kept on Redis servers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// What all keys and channels begin with.
    pub key_prefix: String,
    /// How long a server may take to let us in.
    pub connect_timeout: Duration,
    /// How long a server may take to answer.
    pub command_timeout: Duration,
}

/// Reaches a server and gives it the scripts, as a process that serves boards does; answers what is wrong with it though it
/// can be used.
pub async fn check(server: &ServerConfig, config: &Config) -> Result<Option<String>, StoreError> {
    let keys = Keys::new(&config.key_prefix, 0);
    Server::new(server, config)?.rehearse(&keys).await
}

/// Ranks on one or several Redis servers, which follow a log from before they are read the first time.
#[derive(Debug)]
pub struct RedisIndex {
    shards: Vec<Arc<Shard>>,
    layouts: Arc<Layouts>,
    watchers: Arc<Watchers>,
    tasks: Vec<AbortHandle>,
}

impl RedisIndex {
    /// Follows from now on, until this is dropped; within a tokio runtime. Boards are on the servers of the map, which must be
    /// among those given; from the others they are removed, if there are any of before. No server need be there yet. Errs if
    /// how one is to be reached can't be right.
    pub fn start(
        servers: &[ServerConfig],
        map: ShardMap,
        config: &Config,
        log: &Arc<dyn Log>,
        random: &Arc<dyn Random>,
    ) -> Result<Self, StoreError> {
        let (layouts, watchers) = (Arc::new(Layouts::new(map)), Arc::<Watchers>::default());
        let (mut shards, mut tasks) = (Vec::new(), Vec::new());
        for (number, name) in layouts.names().enumerate() {
            let named = servers.iter().find(|server| server.name == name);
            let lacking = || StoreError::unusable(format!("there is no redis server {name}"));
            let server = Server::new(named.ok_or_else(lacking)?, config)?;
            let keys = Keys::new(&config.key_prefix, server.database());
            let progress = Arc::new(Progress::new(watchers.clone()));
            let random = random.clone();
            let deps =
                shard::Deps { number, server, keys, progress, layouts: layouts.clone(), random };
            shards.push(Arc::new(Shard::new(deps)));
        }
        for shard in &shards {
            let (log, random) = (log.clone(), random.clone());
            let follower = Follower::new(log, shard.clone(), shard.progress().clone(), random);
            tasks.push(tokio::spawn(follower.run()).abort_handle());
            tasks.push(tokio::spawn(Subscriber::new(shard).run()).abort_handle());
        }
        for server in servers.iter().filter(|it| !layouts.names().any(|name| name == it.name)) {
            let server = Server::new(server, config)?;
            let keys = Keys::new(&config.key_prefix, server.database());
            tasks.push(tokio::spawn(retired::run(server, keys)).abort_handle());
        }
        Ok(Self { shards, layouts, watchers, tasks })
    }

    /// The servers that have anybody of a board.
    fn holders(&self, board: &Board) -> &[Arc<Shard>] {
        match self.layouts.home(board) {
            Some(home) => &self.shards[home..=home],
            None => &self.shards,
        }
    }
}

impl Drop for RedisIndex {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

impl Index for RedisIndex {
    fn page<'a>(&'a self, board: &'a Board, start: PageStart, limit: usize) -> Answer<'a, Page> {
        Box::pin(pages::page(self.holders(board), board, start, limit))
    }

    fn players<'a>(&'a self, board: &'a Board, users: &'a [UserId]) -> Answer<'a, Players> {
        Box::pin(merge::players(self.holders(board), &self.layouts, board, users))
    }

    fn view<'a>(
        &'a self,
        board: &'a Board,
        top: usize,
        user: &'a UserId,
        each: usize,
    ) -> Answer<'a, View> {
        Box::pin(merge::view(self.holders(board), &self.layouts, board, top, user, each))
    }

    fn reach(&self, board: BoardNumber, position: BoardPosition) -> Answer<'_, ()> {
        Box::pin(async move {
            let reached = self.shards.iter().map(|it| it.progress().reach(board, position));
            try_join_all(reached).await.map(|_| ())
        })
    }

    fn rebuild<'a>(&'a self, board: &'a Board) -> Answer<'a, ()> {
        Box::pin(async move {
            let rebuilt = self.shards.iter().map(|it| it.progress().rebuild(board.number));
            try_join_all(rebuilt).await.map(|_| ())
        })
    }

    fn forget(&self, board: BoardNumber) {
        self.shards.iter().for_each(|shard| shard.progress().remove(board));
    }

    fn watch(&self, board: BoardNumber) -> Answer<'_, watch::Receiver<BoardPosition>> {
        let positions = self.shards.iter().map(|shard| shard.progress().position(board));
        let position = positions.max().unwrap_or_default();
        Box::pin(std::future::ready(Ok(self.watchers.watch(board, position))))
    }

    fn range(&self) -> ScoreRange {
        RANGE
    }

    fn fault(&self) -> Option<String> {
        self.shards.iter().find_map(|shard| shard.progress().fault())
    }
}
