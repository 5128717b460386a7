//! A board built anew, beside what the index has of it.

use std::sync::Arc;

use futures_util::StreamExt as _;
use metrics::counter;
use model::ErrorChain;
use tokio::task::JoinError;
use tokio::time::Instant;

use super::{
    Build, Derived, Follower, LOOK_AGAIN, PIECE_CHANGES, REBUILDS_AT_ONCE, RENEW_INTERVAL, Reason,
    Stand,
};
use crate::metrics::INDEX_REBUILDS;
use crate::{BoardNumber, BoardPosition, Entries, Error, Log, StoreError};

/// So often what is built may be overtaken by what there is of the board, before it is given up.
const OVERTAKEN_MAX: usize = 100;

/// What came of building a board anew.
pub(super) type Rebuilt = (BoardNumber, Result<Option<BoardPosition>, Error>);

impl<I: Derived> Follower<I> {
    /// Begins with boards that must be built anew, as many as may be at a time.
    pub(super) fn start_rebuilds(&mut self) {
        let Some(log_id) = self.log_id else { return };
        while self.rebuilds.len() < REBUILDS_AT_ONCE {
            let Some(number) = self.lost.pop_front() else { return };
            let Some(followed) = self.boards.get_mut(&number) else { continue };
            let reason = match followed.stand {
                Stand::Lost(reason) => {
                    followed.stand = Stand::Rebuilding;
                    reason
                }
                Stand::At(_) if self.asked.contains_key(&number) && !followed.is_built_beside => {
                    followed.is_built_beside = true;
                    Reason::Asked
                }
                Stand::Unknown | Stand::At(_) | Stand::Rebuilding => continue,
            };
            let (index, word) = (self.index.name().to_owned(), reason.as_str());
            tracing::info!(index, board = number.0, reason = word, "building a board anew");
            counter!(INDEX_REBUILDS, "index" => index, "reason" => word).increment(1);
            let (log, index) = (self.log.clone(), self.index.clone());
            let generation = self.random.next_u64();
            let board = followed.board.clone();
            let build = Build { board, log: log_id, generation, follower: self.name };
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
        let is_only = followed.stand == Stand::Rebuilding;
        followed.is_built_beside = false;
        match (&result, followed.stand) {
            (Ok(Some(at)), Stand::Rebuilding) => followed.stand = Stand::At(*at),
            (Ok(Some(built)), Stand::At(at)) => followed.stand = Stand::At(at.max(*built)),
            // Another follower is at it, or the board is gone: the index is asked again soon.
            (Ok(None), Stand::Rebuilding) => {
                followed.stand = Stand::Unknown;
                self.looks_at = self.looks_at.min(Instant::now() + LOOK_AGAIN);
            }
            (Err(error), _) => {
                let (index, error) = (self.index.name(), ErrorChain(error));
                tracing::warn!(index, board = number.0, %error, "a board couldn't be built anew");
                if is_only {
                    followed.stand = Stand::Unknown;
                }
            }
            _ => {}
        }
        if let (Ok(Some(at)), true) = (&result, is_only) {
            self.progress.reached(number, *at);
        }
        self.pend(number);
        let busy = || StoreError::unavailable("another process builds the board anew").into();
        let answer = result.and_then(|built| built.map(|_| ()).ok_or_else(busy));
        for request in self.asked.remove(&number).unwrap_or_default() {
            // Errs if nobody waits any more.
            let _ = request.send(answer.clone());
        }
    }

    /// Boards that somebody wants built anew.
    pub(super) fn take_asked(&mut self) {
        for (number, request) in self.progress.take_rebuilds() {
            self.asked.entry(number).or_default().push(request);
            self.lost.push_back(number);
        }
        // Of a board that isn't there, or isn't known to be right, whoever waits is told so.
        let boards = &self.boards;
        self.asked.retain(|number, _| {
            let stand = boards.get(number).map(|followed| followed.stand);
            !matches!(stand, None | Some(Stand::Unknown))
        });
    }
}

/// Builds a board anew; answers how far it has come, or nothing if there is none, or another follower is at it.
async fn rebuild<I: Derived>(
    log: Arc<dyn Log>,
    index: Arc<I>,
    build: Build,
) -> Result<Option<BoardPosition>, Error> {
    let Some(entries) = log.entries(build.board.number).await? else { return Ok(None) };
    if !index.begin(&build, entries.as_of).await? {
        return Ok(None);
    }
    tokio::select! {
        result = carry_out(&*log, &*index, &build, entries) => result,
        () = renew(&*index, &build) => Ok(None),
    }
}

/// Keeps others from beginning for as long as this is polled.
async fn renew<I: Derived>(index: &I, build: &Build) {
    loop {
        tokio::time::sleep(RENEW_INTERVAL).await;
        if let Err(error) = index.renew(build).await {
            // Whoever builds finds it out, too, or it was for a moment.
            tracing::debug!(board = build.board.number.0, error = %ErrorChain(&error), "not renewed");
        }
    }
}

async fn carry_out<I: Derived>(
    log: &dyn Log,
    index: &I,
    build: &Build,
    mut entries: Entries<'_>,
) -> Result<Option<BoardPosition>, Error> {
    let number = build.board.number;
    while let Some(standees) = entries.standees.next().await {
        index.add(build, &standees?).await?;
    }
    // Some entries may be as of where the log is now.
    let Some(mut head) = head(log, number).await? else { return Ok(None) };
    let mut at = entries.as_of;
    for _ in 0..OVERTAKEN_MAX {
        while at < head {
            let Some(changes) = log.changes(number, at, PIECE_CHANGES).await? else {
                return Err(overtaken());
            };
            if changes.up_to == at {
                break;
            }
            index.advance(build, at, &changes).await?;
            at = changes.up_to;
        }
        if index.finish(build, head).await? {
            return Ok(Some(at));
        }
        let Some(now) = self::head(log, number).await? else { return Ok(None) };
        head = now;
    }
    Err(overtaken())
}

async fn head(log: &dyn Log, board: BoardNumber) -> Result<Option<BoardPosition>, Error> {
    let heads = log.heads().await?;
    Ok(heads.iter().find(|(number, _)| *number == board).map(|(_, head)| *head))
}

fn overtaken() -> Error {
    StoreError::unavailable("the log went on faster than a board was built anew from it").into()
}
