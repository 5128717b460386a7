//! A board built anew, beside what the index has of it.

use std::sync::Arc;

use futures_util::StreamExt as _;
use metrics::counter;
use model::ErrorChain;
use tokio::task::JoinError;
use tokio::time::Instant;

use super::{Build, Derived, Follower, LOOK_AGAIN, PIECE_CHANGES, REBUILDS_AT_ONCE, Stand};
use crate::metrics::INDEX_REBUILDS;
use crate::{BoardNumber, BoardPosition, Error, Log, StoreError};

/// What came of building a board anew.
pub(super) type Rebuilt = (BoardNumber, Result<Option<BoardPosition>, Error>);

impl<I: Derived> Follower<I> {
    /// Begins with boards that must be built anew, as many as may be at a time.
    pub(super) fn start_rebuilds(&mut self) {
        let Some(log_id) = self.log_id else { return };
        while self.rebuilds.len() < REBUILDS_AT_ONCE {
            let Some(number) = self.lost.pop_front() else { return };
            let Some(followed) = self.boards.get_mut(&number) else { continue };
            let Stand::Lost(reason) = followed.stand else { continue };
            followed.stand = Stand::Rebuilding;
            let (index, word) = (self.index.name().to_owned(), reason.as_str());
            tracing::info!(index, board = number.0, reason = word, "building a board anew");
            counter!(INDEX_REBUILDS, "index" => index, "reason" => word).increment(1);
            let (log, index) = (self.log.clone(), self.index.clone());
            let generation = self.random.next_u64();
            let build = Build { board: followed.board.clone(), log: log_id, generation };
            self.rebuilds.spawn(async move { (number, rebuild(log, index, build).await) });
        }
    }

    /// Takes in what was built meanwhile.
    pub(super) fn take_all_rebuilt(&mut self) {
        while let Some(rebuilt) = self.rebuilds.try_join_next() {
            self.take_rebuilt(rebuilt);
        }
    }

    /// The same of one.
    pub(super) fn take_rebuilt(&mut self, rebuilt: Result<Rebuilt, JoinError>) {
        let Ok((number, result)) = rebuilt else { return };
        let Some(followed) = self.boards.get_mut(&number) else { return };
        if followed.stand != Stand::Rebuilding {
            return;
        }
        match result {
            Ok(Some(at)) => {
                followed.stand = Stand::At(at);
                self.progress.reached(number, at);
                self.pend(number);
            }
            // Another follower is at it, or the board is gone: the index is asked again soon.
            Ok(None) => {
                followed.stand = Stand::Unknown;
                self.looks_at = self.looks_at.min(Instant::now() + LOOK_AGAIN);
            }
            Err(error) => {
                let (index, error) = (self.index.name(), ErrorChain(&error));
                tracing::warn!(index, board = number.0, %error, "a board couldn't be built anew");
                followed.stand = Stand::Unknown;
            }
        }
    }
}

/// Builds a board anew; answers how far it has come, or nothing if there is none, or another follower is at it.
async fn rebuild<I: Derived>(
    log: Arc<dyn Log>,
    index: Arc<I>,
    build: Build,
) -> Result<Option<BoardPosition>, Error> {
    let number = build.board.number;
    let Some(mut entries) = log.entries(number).await? else { return Ok(None) };
    if !index.begin(&build, entries.as_of).await? {
        return Ok(None);
    }
    while let Some(standees) = entries.standees.next().await {
        index.add(&build, &standees?).await?;
    }
    let heads = log.heads().await?;
    // Some entries may be as of there.
    let target = heads.iter().find(|(board, _)| *board == number).map(|(_, head)| *head);
    let Some(target) = target else { return Ok(None) };
    let mut at = entries.as_of;
    loop {
        let changes = log.changes(number, at, PIECE_CHANGES).await?;
        let Some(changes) = changes else {
            let why = "the log went on faster than a board was built anew from it";
            return Err(StoreError::unavailable(why).into());
        };
        if changes.up_to == at && at >= target {
            break;
        }
        index.advance(&build, at, &changes).await?;
        at = changes.up_to;
        if at >= target && changes.standees.len() < PIECE_CHANGES {
            break;
        }
    }
    index.finish(&build).await?;
    Ok(Some(at))
}
