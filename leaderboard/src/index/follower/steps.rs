//! A piece of changes after the other.

use futures_util::future::join_all;

use super::{BOARDS_AT_ONCE, Derived, Follower, PIECE_CHANGES, Reason, Stand, Taken};
use crate::{Board, BoardNumber, BoardPosition, Error, Log, LogId};

/// What came of one piece.
enum Step {
    /// The index has come to this position, and there may be more.
    More(BoardPosition),
    /// The index has come to this position, and has all.
    All(BoardPosition),
    /// The log has no changes for it: it must be built anew.
    Behind,
    /// The index must be asked what it has.
    Doubtful,
}

impl<I: Derived> Follower<I> {
    /// A board has something to be taken.
    pub(super) fn pend(&mut self, number: BoardNumber) {
        if let Some(followed) = self.boards.get_mut(&number)
            && !followed.is_pending
        {
            followed.is_pending = true;
            self.pending.push_back(number);
        }
    }

    /// Boards that somebody waits for.
    pub(super) async fn take_wanted(&mut self) -> Result<(), Error> {
        let wanted = self.progress.take_wanted();
        if wanted.keys().any(|number| !self.boards.contains_key(number)) {
            self.load_boards().await?;
            self.ask_states().await?;
        }
        for (number, position) in wanted {
            let Some(followed) = self.boards.get_mut(&number) else {
                // Whoever waits needn't wait longer.
                self.progress.remove(number);
                continue;
            };
            if followed.target == BoardPosition(u64::MAX) {
                // New to us: whoever waits knows how far its log has come at least.
                followed.target = position;
            }
            self.pend(number);
        }
        Ok(())
    }

    /// Takes a piece of each of some boards.
    pub(super) async fn step(&mut self) -> Result<(), Error> {
        let Some(id) = self.log_id else { return Ok(()) };
        let some = self.pending.len().min(BOARDS_AT_ONCE);
        let numbers: Vec<BoardNumber> = self.pending.drain(..some).collect();
        let boards = numbers.iter().filter_map(|number| {
            let followed = self.boards.get_mut(number)?;
            followed.is_pending = false;
            let Stand::At(at) = followed.stand else { return None };
            // Others may have brought it further.
            let at = at.max(self.progress.position(*number));
            Some((followed.board.clone(), at))
        });
        let boards: Vec<(Board, BoardPosition)> = boards.collect();
        let steps =
            boards.iter().map(|(board, at)| piece(&*self.log, &*self.index, id, board, *at));
        let steps = join_all(steps).await;
        let mut failed = Ok(());
        for ((board, _), step) in boards.iter().zip(steps) {
            match step {
                Ok(step) => self.stepped(board.number, &step),
                Err(error) => {
                    self.pend(board.number);
                    failed = Err(error);
                }
            }
        }
        failed
    }

    fn stepped(&mut self, number: BoardNumber, step: &Step) {
        let Some(followed) = self.boards.get_mut(&number) else { return };
        match *step {
            Step::More(at) | Step::All(at) => {
                followed.stand = Stand::At(at);
                if at >= followed.target {
                    self.progress.reached(number, at);
                }
                if matches!(step, Step::More(_)) {
                    self.pend(number);
                }
            }
            Step::Behind => self.lose(number, Reason::Behind),
            Step::Doubtful => self.progress.doubt(number),
        }
    }
}

async fn piece<I: Derived>(
    log: &dyn Log,
    index: &I,
    id: LogId,
    board: &Board,
    at: BoardPosition,
) -> Result<Step, Error> {
    let Some(changes) = log.changes(board.number, at, PIECE_CHANGES).await? else {
        return Ok(Step::Behind);
    };
    if changes.up_to == at {
        return Ok(Step::All(at));
    }
    let is_more = changes.standees.len() >= PIECE_CHANGES;
    Ok(match index.take(board, id, at, &changes).await? {
        Taken::At(at) if is_more => Step::More(at),
        Taken::At(at) => Step::All(at),
        Taken::Lost => Step::Doubtful,
    })
}
