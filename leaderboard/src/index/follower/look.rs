//! How the index stands with the log.

use std::collections::HashSet;

use metrics::gauge;

use super::{Derived, FROM_FIRST_MAX, Followed, Follower, LOOKS_A_LOAD, Reason, Stand, State};
use crate::core::limits::BOARDS_MAX;
use crate::metrics::INDEX_LAG;
use crate::{Board, BoardNumber, BoardPosition, Error};

/// The boards that an index is asked of at once.
const STATES_AT_ONCE: usize = 512;

impl<I: Derived> Follower<I> {
    /// Looks how far the log and the index have come, and what the index lacks.
    pub(super) async fn look(&mut self) -> Result<(), Error> {
        let id = self.log.id().await?;
        let known = self.index.known().await?;
        if self.log_id.replace(id) != Some(id) || known.is_some() {
            self.doubt_all();
            self.progress.follow(id);
        }
        let doubted = self.progress.take_doubted();
        for board in &doubted {
            self.doubt(*board);
        }
        self.looks = self.looks.wrapping_add(1);
        let is_due = self.looks.is_multiple_of(LOOKS_A_LOAD);
        if is_due || !doubted.is_empty() || known.is_some() {
            self.load_boards().await?;
        }
        // Before heads: else what comes in between would look as if the index were ahead.
        self.ask_states().await?;
        let heads = self.log.heads().await?;
        let numbers: HashSet<BoardNumber> = heads.iter().map(|(number, _)| *number).collect();
        let old: HashSet<BoardNumber> = self.boards.keys().copied().collect();
        for (number, head) in heads.iter().filter(|(number, _)| old.contains(number)) {
            self.compare(*number, *head);
        }
        self.remove_all_but(&numbers, known.into_iter().flatten().chain(old.iter().copied()))
            .await?;
        if numbers.iter().any(|number| !old.contains(number)) {
            self.load_boards().await?;
            self.ask_states().await?;
            for (number, head) in heads.iter().filter(|(number, _)| !old.contains(number)) {
                self.set_target(*number, *head);
            }
        }
        self.measure(&heads);
        self.trim().await
    }

    /// What is known of a board may not be so any more.
    fn doubt(&mut self, board: BoardNumber) {
        if let Some(followed) = self.boards.get_mut(&board)
            && followed.stand != Stand::Rebuilding
        {
            followed.stand = Stand::Unknown;
        }
        self.progress.unsettle(board);
    }

    fn doubt_all(&mut self) {
        // What is being built comes from another log, or lies on a server that may have lost it.
        self.rebuilds.abort_all();
        self.rebuilds.detach_all();
        // Whoever waits is told by the end of what they wait for.
        self.asked.clear();
        for followed in self.boards.values_mut() {
            (followed.stand, followed.is_built_beside) = (Stand::Unknown, false);
        }
        self.progress.unsettle_all();
    }

    /// Boards with their rules, as the log has them now.
    pub(super) async fn load_boards(&mut self) -> Result<(), Error> {
        for board in self.log.boards(None, BOARDS_MAX).await? {
            let new = || Followed {
                board: board.clone(),
                stand: Stand::Unknown,
                is_pending: false,
                is_built_beside: false,
                is_to_trim: true,
                target: BoardPosition(0),
            };
            let followed = self.boards.entry(board.number).or_insert_with(new);
            followed.is_to_trim |= followed.board.past != board.past;
            followed.board = board;
        }
        Ok(())
    }

    /// Asks the index of boards of which it isn't known what it has.
    pub(super) async fn ask_states(&mut self) -> Result<(), Error> {
        let unknown = self.boards.values().filter(|followed| followed.stand == Stand::Unknown);
        let unknown: Vec<Board> = unknown.map(|followed| followed.board.clone()).collect();
        for boards in unknown.chunks(STATES_AT_ONCE) {
            let states = self.index.states(boards).await?;
            for (board, state) in boards.iter().zip(states) {
                let judged = self.judge(state);
                let Some(followed) = self.boards.get_mut(&board.number) else { continue };
                // Believed once it has come to where the log is, which isn't known yet.
                followed.target = BoardPosition(u64::MAX);
                match judged {
                    Ok(at) => followed.stand = Stand::At(at),
                    Err(reason) => self.lose(board.number, reason),
                }
            }
        }
        Ok(())
    }

    fn judge(&self, state: Option<State>) -> Result<BoardPosition, Reason> {
        match state {
            None => Ok(BoardPosition(0)),
            Some(state) if Some(state.log) != self.log_id => Err(Reason::OtherLog),
            Some(state) if !state.is_whole => Err(Reason::Damaged),
            Some(state) => Ok(state.position),
        }
    }

    /// The index has nothing of a board that changes could be taken into.
    pub(super) fn lose(&mut self, number: BoardNumber, reason: Reason) {
        let Some(followed) = self.boards.get_mut(&number) else { return };
        followed.stand = Stand::Lost(reason);
        self.progress.unsettle(number);
        self.lost.push_back(number);
    }

    /// The log has come to this position of a board, and the index was asked before.
    fn compare(&mut self, number: BoardNumber, head: BoardPosition) {
        let stand = self.boards.get(&number).map(|followed| followed.stand);
        if matches!(stand, Some(Stand::At(at)) if at > head) {
            self.lose(number, Reason::Ahead);
        }
        self.set_target(number, head);
    }

    fn set_target(&mut self, number: BoardNumber, head: BoardPosition) {
        let Some(followed) = self.boards.get_mut(&number) else { return };
        if followed.target == BoardPosition(u64::MAX) {
            followed.target = head;
        }
        match followed.stand {
            Stand::At(BoardPosition(0)) if head.0 > FROM_FIRST_MAX => {
                self.lose(number, Reason::Absent);
            }
            Stand::At(at) if at < head => self.pend(number),
            Stand::At(at) => self.progress.reached(number, at),
            Stand::Unknown | Stand::Lost(_) | Stand::Rebuilding => {}
        }
    }

    /// Removes seasons that boards keep no more. What is being built anew may have some of them: it has its turn later.
    async fn trim(&mut self) -> Result<(), Error> {
        let all = self.boards.values_mut().filter(|followed| followed.is_to_trim);
        for followed in all.filter(|followed| matches!(followed.stand, Stand::At(_))) {
            self.index.trim(&followed.board).await?;
            followed.is_to_trim = false;
        }
        Ok(())
    }

    /// Removes boards that the log doesn't have any more.
    async fn remove_all_but(
        &mut self,
        numbers: &HashSet<BoardNumber>,
        known: impl Iterator<Item = BoardNumber> + Send,
    ) -> Result<(), Error> {
        for number in known.filter(|number| !numbers.contains(number)) {
            self.index.remove(number).await?;
            self.boards.remove(&number);
            self.progress.remove(number);
        }
        Ok(())
    }

    fn measure(&self, heads: &[(BoardNumber, BoardPosition)]) {
        let behind = heads.iter().map(|(number, head)| {
            let stand = self.boards.get(number).map(|followed| followed.stand);
            match stand {
                Some(Stand::At(at)) => head.0.saturating_sub(at.0),
                _ => head.0,
            }
        });
        let lag = behind.max().unwrap_or(0);
        gauge!(INDEX_LAG, "index" => self.index.name().to_owned()).set(lag as f64);
    }
}
