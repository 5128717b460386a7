use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use model::{Random, UserId};
use parking_lot::{Mutex, RwLock};
use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::reading;
use crate::core::standings::Standings;
use crate::index::follower::{Build, Derived, Follower, Progress, State, Taken};
use crate::{
    Answer, Board, BoardNumber, BoardPosition, Changes, Error, Index, Log, LogId, Page, PageStart,
    Players, Ranking, Standee, View, Wins,
};

/// Ranks in this process' memory by a log that other processes write too: it follows the log, from before it answers the
/// first time.
#[derive(Debug)]
pub struct FollowingIndex {
    copies: Arc<Copies>,
    progress: Arc<Progress>,
    follower: AbortHandle,
}

/// Copies of all boards.
#[derive(Debug, Default)]
struct Copies {
    boards: RwLock<HashMap<BoardNumber, BoardCopy>>,
    /// What is being built anew.
    builds: Mutex<HashMap<BoardNumber, (u64, BoardCopy)>>,
    was_asked: AtomicBool,
}

/// A board as of a position of its log.
#[derive(Debug)]
struct BoardCopy {
    log: LogId,
    position: BoardPosition,
    wins: Wins,
    ranking: Ranking,
    seasons: BTreeMap<u32, Standings>,
}

impl FollowingIndex {
    /// Follows from now on, until this is dropped; within a tokio runtime.
    pub fn start(log: Arc<dyn Log>, random: Arc<dyn Random>) -> Self {
        let (copies, progress) =
            (Arc::<Copies>::default(), Arc::new(Progress::new(Arc::default())));
        let follower = Follower::new(log, copies.clone(), progress.clone(), random);
        let follower = tokio::spawn(follower.run()).abort_handle();
        Self { copies, progress, follower }
    }

    /// Reads a board's standings, if anybody is on them, all of it as of one state.
    async fn read<T>(
        &self,
        board: &Board,
        read: impl FnOnce(BoardPosition, Option<&Standings>) -> T,
    ) -> Result<T, Error> {
        self.progress.current(board.number).await?;
        self.copies.rank_by(board);
        let boards = self.copies.boards.read();
        let copy = boards.get(&board.number);
        let standings = copy.and_then(|copy| copy.seasons.get(&board.current().season));
        Ok(read(copy.map_or(BoardPosition(0), |copy| copy.position), standings))
    }
}

impl Drop for FollowingIndex {
    fn drop(&mut self) {
        self.follower.abort();
    }
}

impl Copies {
    /// A season's ranks are counted as the board says now: that isn't among the changes that are followed.
    fn rank_by(&self, board: &Board) {
        let (ranking, season) = (board.ranking(), board.current().season);
        let is_other = |copy: &BoardCopy| {
            copy.seasons.get(&season).is_some_and(|standings| standings.ranking() != ranking)
        };
        if self.boards.read().get(&board.number).is_some_and(is_other)
            && let Some(copy) = self.boards.write().get_mut(&board.number)
            && let Some(standings) = copy.seasons.get_mut(&season)
        {
            standings.rank_by(ranking);
        }
    }
}

impl BoardCopy {
    fn new(board: &Board, log: LogId, position: BoardPosition) -> Self {
        let (wins, ranking) = (board.rules.wins, board.rules.ranking);
        Self { log, position, wins, ranking, seasons: BTreeMap::new() }
    }

    fn put(&mut self, standee: &Standee) {
        let (wins, ranking) = (self.wins, self.ranking);
        let standings = self.seasons.entry(standee.standings.season);
        let standings = standings.or_insert_with(|| Standings::new(wins, ranking));
        match standee.entry {
            Some(entry) => standings.put(&standee.user, entry, standee.is_shown),
            None => standings.remove(&standee.user),
        }
    }

    /// Seasons that the board keeps no more are gone; it may have begun others since it was read.
    fn drop_seasons(&mut self, board: &Board) {
        let last = board.season.number;
        self.seasons.retain(|season, _| {
            *season > last || board.seasons().any(|kept| kept.number == *season)
        });
    }

    fn take(&mut self, changes: &Changes) {
        changes.standees.iter().for_each(|(_, standee)| self.put(standee));
        self.position = changes.up_to;
    }
}

impl Derived for Copies {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn known(&self) -> Answer<'_, Option<Vec<BoardNumber>>> {
        let is_first = !self.was_asked.swap(true, Ordering::Relaxed);
        Box::pin(std::future::ready(Ok(is_first.then(Vec::new))))
    }

    fn states<'a>(&'a self, asked: &'a [Board]) -> Answer<'a, Vec<Option<State>>> {
        let boards = self.boards.read();
        let state = |board: &Board| {
            let copy = boards.get(&board.number)?;
            Some(State { log: copy.log, position: copy.position, is_whole: true })
        };
        Box::pin(std::future::ready(Ok(asked.iter().map(state).collect())))
    }

    fn take<'a>(
        &'a self,
        board: &'a Board,
        log: LogId,
        after: BoardPosition,
        changes: &'a Changes,
    ) -> Answer<'a, Taken> {
        let mut boards = self.boards.write();
        let new = || BoardCopy::new(board, log, BoardPosition(0));
        let copy = boards.entry(board.number).or_insert_with(new);
        let taken = if copy.log != log || copy.position < after {
            Taken::Lost
        } else {
            if copy.position < changes.up_to {
                copy.take(changes);
            }
            Taken::At(copy.position)
        };
        Box::pin(std::future::ready(Ok(taken)))
    }

    fn begin<'a>(&'a self, build: &'a Build, as_of: BoardPosition) -> Answer<'a, bool> {
        let copy = BoardCopy::new(&build.board, build.log, as_of);
        self.builds.lock().insert(build.board.number, (build.generation, copy));
        Box::pin(std::future::ready(Ok(true)))
    }

    fn add<'a>(&'a self, build: &'a Build, standees: &'a [Standee]) -> Answer<'a, ()> {
        self.build(build, |copy| standees.iter().for_each(|standee| copy.put(standee)))
    }

    fn advance<'a>(
        &'a self,
        build: &'a Build,
        _: BoardPosition,
        changes: &'a Changes,
    ) -> Answer<'a, ()> {
        self.build(build, |copy| copy.take(changes))
    }

    /// This process is the only one that builds.
    fn renew<'a>(&'a self, _: &'a Build) -> Answer<'a, ()> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn finish<'a>(&'a self, build: &'a Build, head: BoardPosition) -> Answer<'a, bool> {
        let number = build.board.number;
        let (mut boards, mut builds) = (self.boards.write(), self.builds.lock());
        let found = builds.remove(&number).filter(|(name, _)| *name == build.generation);
        let is_done = found.is_none_or(|(name, copy)| {
            let is_overtaken = boards.get(&number).is_some_and(|held| {
                held.log == copy.log && (copy.position.0 + 1..=head.0).contains(&held.position.0)
            });
            if is_overtaken {
                builds.insert(number, (name, copy));
            } else {
                boards.insert(number, copy);
            }
            !is_overtaken
        });
        Box::pin(std::future::ready(Ok(is_done)))
    }

    fn trim<'a>(&'a self, board: &'a Board) -> Answer<'a, ()> {
        if let Some(copy) = self.boards.write().get_mut(&board.number) {
            copy.drop_seasons(board);
        }
        Box::pin(std::future::ready(Ok(())))
    }

    fn remove(&self, board: BoardNumber) -> Answer<'_, ()> {
        self.boards.write().remove(&board);
        self.builds.lock().remove(&board);
        Box::pin(std::future::ready(Ok(())))
    }
}

impl Copies {
    fn build(&self, build: &Build, with: impl FnOnce(&mut BoardCopy)) -> Answer<'_, ()> {
        if let Some((generation, copy)) = self.builds.lock().get_mut(&build.board.number)
            && *generation == build.generation
        {
            with(copy);
        }
        Box::pin(std::future::ready(Ok(())))
    }
}

impl Index for FollowingIndex {
    fn page<'a>(&'a self, board: &'a Board, start: PageStart, limit: usize) -> Answer<'a, Page> {
        Box::pin(self.read(board, move |at, standings| reading::page(at, standings, start, limit)))
    }

    fn players<'a>(&'a self, board: &'a Board, users: &'a [UserId]) -> Answer<'a, Players> {
        Box::pin(self.read(board, move |at, standings| reading::players(at, standings, users)))
    }

    fn view<'a>(
        &'a self,
        board: &'a Board,
        top: usize,
        user: &'a UserId,
        each: usize,
    ) -> Answer<'a, View> {
        let read =
            move |at, standings: Option<&Standings>| reading::view(at, standings, top, user, each);
        Box::pin(self.read(board, read))
    }

    fn reach(&self, board: BoardNumber, position: BoardPosition) -> Answer<'_, ()> {
        Box::pin(self.progress.reach(board, position))
    }

    fn rebuild<'a>(&'a self, board: &'a Board) -> Answer<'a, ()> {
        Box::pin(self.progress.rebuild(board.number))
    }

    fn forget(&self, board: BoardNumber) {
        self.progress.remove(board);
    }

    fn watch(&self, board: BoardNumber) -> Answer<'_, watch::Receiver<BoardPosition>> {
        Box::pin(std::future::ready(Ok(self.progress.watch(board))))
    }

    fn fault(&self) -> Option<String> {
        self.progress.fault()
    }
}
