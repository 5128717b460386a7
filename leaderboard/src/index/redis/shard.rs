mod derived;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use model::Random;
use parking_lot::Mutex;
use redis::FromRedisValue;

use super::keys::Keys;
use super::layout::Layouts;
use super::reading::{Reading, parse_log};
use super::scripts::Script;
use super::server::Server;
use crate::index::follower::Progress;
use crate::{Board, BoardPosition, Error, StoreError};

/// A reading that isn't believed is made again so often, once the follower has looked.
const READ_TRIES: usize = 3;

/// Only of boards that were made while standings were elsewhere: on Redis they get a range that is kept exactly.
const BEYOND: &str = "somebody on this board has a score beyond 2^53, which Redis doesn't keep exactly: standings of it can only \
be embedded (backends.standings)";

/// The part of all boards that is on one server.
pub(super) struct Shard {
    deps: Deps,
    /// What tells whether the server lost anything.
    memory: Mutex<Option<String>>,
    looks: AtomicU32,
}

/// What a shard is made of.
pub(super) struct Deps {
    /// Its number among the servers.
    pub(super) number: usize,
    /// The server.
    pub(super) server: Server,
    /// What is called how there.
    pub(super) keys: Keys,
    /// Where it tells how far it has come.
    pub(super) progress: Arc<Progress>,
    /// Which players are there.
    pub(super) layouts: Arc<Layouts>,
    /// For names that tell what is built from what is there.
    pub(super) random: Arc<dyn Random>,
}

impl fmt::Debug for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.deps.server.name())
    }
}

/// What `read.lua` answers.
type RawReading<T> = (Option<String>, Option<u64>, Option<String>, u8, u8, u64, T, u8);

impl Shard {
    /// Nothing is reached yet.
    pub(super) fn new(deps: Deps) -> Self {
        Self { deps, memory: Mutex::new(None), looks: AtomicU32::new(0) }
    }

    /// How far it has come.
    pub(super) fn progress(&self) -> &Arc<Progress> {
        &self.deps.progress
    }

    /// The server.
    pub(super) fn server(&self) -> &Server {
        &self.deps.server
    }

    /// Its number among the servers.
    pub(super) fn number(&self) -> usize {
        self.deps.number
    }

    /// What is called how there.
    pub(super) fn keys(&self) -> &Keys {
        &self.deps.keys
    }

    /// Reads standings. What the server doesn't have as it should isn't believed: the follower looks, and it is read again.
    pub(super) async fn read<T: FromRedisValue>(
        &self,
        board: &Board,
        what: &str,
        of: impl IntoIterator<Item = Vec<u8>>,
    ) -> Result<Reading<T>, Error> {
        let Deps { server, keys, progress, layouts, .. } = &self.deps;
        let state = [keys.state(board.number)];
        let mut arguments = vec![board.current().season.to_string().into_bytes(), what.into()];
        arguments.extend(of);
        for _ in 0..READ_TRIES {
            let least = progress.current(board.number).await?;
            let read: RawReading<T> = server.run(Script::Read, &state, &arguments).await?;
            let (log, position, layout, is_dense, is_whole, count, what, is_beyond) = read;
            let as_of = BoardPosition(position.unwrap_or(0));
            let is_ours = match (log, layout) {
                (Some(log), Some(layout)) => {
                    parse_log(&log).is_some_and(|log| progress.is_log(log))
                        && layout == layouts.name(board)
                        && is_dense >= u8::from(Layouts::is_dense(board))
                }
                // Nobody was on it yet.
                _ => position.is_none(),
            };
            if is_ours && is_whole == 1 && as_of >= least {
                if is_beyond == 1 {
                    return Err(StoreError::unavailable(BEYOND).into());
                }
                progress.seen(board.number, as_of);
                return Ok(Reading { as_of: as_of.into(), count, what });
            }
            progress.doubt(board.number);
        }
        Err(StoreError::unavailable("the index is being rebuilt").into())
    }
}
