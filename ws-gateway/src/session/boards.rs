//! The boards that a client watches: what it was told of each, and when each is looked at again.

#[cfg(test)]
mod tests;
mod view;

use model::{BoardId, Moment, Monotonic};

use super::messages::{BoardChange, BoardEnd, ErrorWord, Rejection, Reply};
pub(crate) use view::Difference;
pub use view::{BoardShape, BoardStanding, BoardView};

/// The most places from the top that a client may watch of a board.
pub const TOP_MAX: usize = 100;
/// The most neighbours above the client's user, and as many below.
pub const AROUND_MAX: usize = 10;
/// The least time between two looks at a board for one client, milliseconds.
pub const BOARD_INTERVAL_MS: u64 = 100;
/// How long to wait before a board that couldn't be read is looked at again, milliseconds.
const RETRY_MS: u64 = 1_000;

/// Why a board isn't shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BoardFailure {
    /// There is none of this name.
    NoSuchBoard,
    /// Users may not read it.
    Forbidden,
    /// It can't be read now.
    Unavailable,
}

/// One watching of a board: watched again, it is another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WatchId(u64);

/// A look at a board.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BoardRead {
    /// For which watching.
    pub(crate) watch: WatchId,
    /// The board.
    pub(crate) board: BoardId,
    /// How much of it.
    pub(crate) shape: BoardShape,
}

/// All boards that a client watches.
#[derive(Debug, Default)]
pub(super) struct Boards {
    watched: Vec<Watched>,
    /// Ended without the client's asking for it; at most as many as may be watched.
    ended: Vec<(BoardId, BoardEnd)>,
    last: u64,
}

#[derive(Debug)]
struct Watched {
    watch: WatchId,
    board: BoardId,
    shape: BoardShape,
    state: State,
    /// When the last look began.
    looked_at: Option<Monotonic>,
    /// What the client has, unless something may have been missed.
    told: Option<BoardView>,
    /// What it is to have.
    new: Option<BoardView>,
    gap_is_due: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// As it was looked at last, as far as is known.
    Known,
    /// To be looked at, from then on.
    Changed(Monotonic),
    /// Being looked at.
    Looking,
}

impl Boards {
    /// Watches a board from now on, in this shape; one more than `count_max` is refused.
    pub(super) fn watch(
        &mut self,
        now: Moment,
        board: BoardId,
        shape: BoardShape,
        count_max: usize,
    ) -> Result<(), Rejection> {
        let others = self.watched.iter().filter(|it| it.board != board).count();
        if count_max == 0 {
            let detail = "this server has no boards to watch";
            return Err(Rejection::new(ErrorWord::Unavailable, detail));
        }
        if others >= count_max {
            let detail = format!("at most {count_max} boards are watched over one connection");
            return Err(Rejection::new(ErrorWord::TooManyBoards, detail));
        }
        self.unwatch(&board);
        self.last += 1;
        self.watched.push(Watched {
            watch: WatchId(self.last),
            board,
            shape,
            state: State::Changed(now.monotonic),
            looked_at: None,
            told: None,
            new: None,
            gap_is_due: false,
        });
        Ok(())
    }

    /// Doesn't watch this board any more.
    pub(super) fn unwatch(&mut self, board: &BoardId) {
        self.watched.retain(|it| it.board != *board);
        self.ended.retain(|(it, _)| it != board);
    }

    /// Whether this is watched, and to be waited for: nothing of it is to be looked at yet.
    pub(super) fn is_known(&self, watch: WatchId) -> bool {
        self.watched.iter().any(|it| it.watch == watch && it.state == State::Known)
    }

    /// Whether this is watched.
    pub(super) fn has(&self, watch: WatchId) -> bool {
        self.watched.iter().any(|it| it.watch == watch)
    }

    /// The board is another one than it was when it was looked at.
    pub(super) fn changed(&mut self, now: Moment, watch: WatchId, interval_ms: u64) {
        let known = self.watched.iter_mut().filter(|it| it.watch == watch);
        for it in known.filter(|it| it.state == State::Known) {
            let next = it.looked_at.map(|at| at.plus_ms(interval_ms.max(BOARD_INTERVAL_MS)));
            it.state = State::Changed(next.unwrap_or(now.monotonic));
        }
    }

    /// What is to be looked at now, if anything is. Nothing is whose last look isn't told yet.
    pub(super) fn next_read(&mut self, now: Moment) -> Option<BoardRead> {
        let is_due = |it: &&mut Watched| it.due().is_some_and(|at| now.monotonic >= at);
        let it = self.watched.iter_mut().find(is_due)?;
        (it.state, it.looked_at) = (State::Looking, Some(now.monotonic));
        Some(BoardRead { watch: it.watch, board: it.board.clone(), shape: it.shape })
    }

    /// A board was looked at.
    pub(super) fn read(
        &mut self,
        now: Moment,
        watch: WatchId,
        answer: Result<BoardView, BoardFailure>,
    ) {
        let Some(place) = self.watched.iter().position(|it| it.watch == watch) else { return };
        let it = &mut self.watched[place];
        let end = match answer {
            Ok(view) => {
                it.state = State::Known;
                match &mut it.told {
                    Some(told) if told.shows_same(&view) => {
                        (told.as_of, told.as_of_highest) = (view.as_of, view.as_of_highest);
                    }
                    _ => it.new = Some(view),
                }
                return;
            }
            Err(BoardFailure::Unavailable) => {
                it.state = State::Changed(now.monotonic.plus_ms(RETRY_MS));
                it.gap_is_due |= it.told.take().is_some();
                return;
            }
            Err(BoardFailure::NoSuchBoard) => BoardEnd::NoSuchBoard,
            Err(BoardFailure::Forbidden) => BoardEnd::Forbidden,
        };
        let Watched { board, .. } = self.watched.remove(place);
        self.ended.push((board, end));
    }

    /// When next something is to be looked at.
    pub(super) fn next_look(&self) -> Option<Monotonic> {
        self.watched.iter().filter_map(Watched::due).min()
    }

    /// Whether there is anything to tell.
    pub(super) fn have_news(&self) -> bool {
        !self.ended.is_empty() || self.watched.iter().any(|it| it.gap_is_due || it.new.is_some())
    }

    /// The next thing to tell.
    pub(super) fn tell(&mut self) -> Option<Reply> {
        if let Some((board, reason)) = self.ended.pop() {
            return Some(Reply::BoardClosed { board, reason });
        }
        self.watched.iter_mut().find_map(Watched::tell)
    }
}

impl Watched {
    fn due(&self) -> Option<Monotonic> {
        match self.state {
            State::Changed(at) if self.new.is_none() => Some(at),
            _ => None,
        }
    }

    fn tell(&mut self) -> Option<Reply> {
        let board = self.board.clone();
        if std::mem::take(&mut self.gap_is_due) {
            return Some(Reply::BoardGap { board });
        }
        let new = self.new.take()?;
        let change = match &self.told {
            None => BoardChange::Whole(new.clone()),
            Some(told) => BoardChange::Part {
                as_of: new.as_of.clone(),
                as_of_highest: new.as_of_highest.clone(),
                count: new.count,
                place: new.place,
                difference: new.difference(told),
            },
        };
        self.told = Some(new);
        Some(Reply::Board(Box::new((board, change))))
    }
}
