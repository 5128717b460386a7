use std::sync::Arc;

use futures_util::stream::{self, StreamExt as _};
use model::{BoardId, SeededRandom, Timestamp, UserId};
use parking_lot::Mutex;

use super::*;
use crate::{
    Entries, Entry, FollowingIndex, Index as _, Operator, Outcome, Page, PageStart, Ranking,
    Readers, Refusal, Rules, ScoreRange, StandingsId, StoreError, Wins, WriteRequest,
};

const NUMBER: BoardNumber = BoardNumber(7);

/// A log of one board, to which tests do what happens to real ones.
struct OneBoard(Mutex<Written>);

#[derive(Clone)]
struct Written {
    id: u128,
    /// By whom, and the score.
    changes: Vec<(String, i64)>,
    /// Only what follows so many changes can still be told one by one.
    told_from: usize,
    is_away: bool,
}

impl OneBoard {
    fn new(changes: &[(&str, i64)]) -> Arc<Self> {
        let changes = changes.iter().map(|(user, score)| ((*user).to_owned(), *score)).collect();
        Arc::new(Self(Mutex::new(Written { id: 1, changes, told_from: 0, is_away: false })))
    }

    fn is(&self, with: impl FnOnce(&mut Written)) {
        with(&mut self.0.lock());
    }

    fn read<T>(&self, read: impl FnOnce(&Written) -> T) -> Result<T, Error> {
        let written = self.0.lock();
        if written.is_away {
            return Err(StoreError::unavailable("the log is away").into());
        }
        Ok(read(&written))
    }
}

fn board() -> Board {
    let rules = Rules {
        wins: Wins::High,
        operator: Operator::Latest,
        ranking: Ranking::Standard,
        readers: Readers::Anyone,
        range: ScoreRange::default(),
        season: None,
    };
    let id = BoardId::parse("b").expect("an id");
    let (created, past) = (Timestamp(0), [].into());
    let season = crate::Season { number: 0, starts: created, ends: None, ended: None };
    Board { id, number: NUMBER, rules, created, season, past }
}

fn standee(at: usize, (user, score): &(String, i64)) -> (BoardPosition, Standee) {
    let position = BoardPosition(at as u64 + 1);
    let user = UserId::parse(user).expect("an id");
    let entry = Entry { score: *score, reached: position };
    let standings = StandingsId { board: NUMBER, season: 0 };
    (position, Standee { standings, user, entry: Some(entry), is_shown: true })
}

impl Written {
    fn head(&self) -> BoardPosition {
        BoardPosition(self.changes.len() as u64)
    }

    fn behind(&self, after: BoardPosition, limit: usize) -> Option<Changes> {
        let after = after.0 as usize;
        if after < self.told_from || after > self.changes.len() {
            return None;
        }
        let behind = self.changes.iter().enumerate().skip(after).take(limit);
        let standees: Vec<_> = behind.map(|(at, change)| standee(at, change)).collect();
        let up_to = BoardPosition((after + standees.len()) as u64);
        Some(Changes { up_to, standees })
    }
}

fn now<'a, T: Send + 'a>(result: Result<T, Error>) -> Answer<'a, T> {
    Box::pin(std::future::ready(result))
}

impl Log for OneBoard {
    fn append(&self, _: Vec<WriteRequest>) -> Answer<'_, Vec<Result<Outcome, Refusal>>> {
        unreachable!("tests write themselves")
    }

    fn board<'a>(&'a self, _: &'a BoardId) -> Answer<'a, Option<Board>> {
        now(self.read(|_| Some(board())))
    }

    fn board_and_head<'a>(&'a self, _: &'a BoardId) -> Answer<'a, Option<(Board, BoardPosition)>> {
        now(self.read(|written| Some((board(), written.head()))))
    }

    fn boards<'a>(&'a self, _: Option<&'a BoardId>, _: usize) -> Answer<'a, Vec<Board>> {
        now(self.read(|_| vec![board()]))
    }

    fn due(&self, _: Timestamp, _: usize) -> Answer<'_, Vec<BoardId>> {
        now(self.read(|_| Vec::new()))
    }

    fn banned<'a>(&'a self, _: BoardNumber, _: &'a [UserId]) -> Answer<'a, Vec<UserId>> {
        now(self.read(|_| Vec::new()))
    }

    fn id(&self) -> Answer<'_, LogId> {
        now(self.read(|written| LogId(written.id)))
    }

    fn heads(&self) -> Answer<'_, Vec<(BoardNumber, BoardPosition)>> {
        now(self.read(|written| vec![(NUMBER, written.head())]))
    }

    fn changes(
        &self,
        _: BoardNumber,
        after: BoardPosition,
        limit: usize,
    ) -> Answer<'_, Option<Changes>> {
        now(self.read(|written| written.behind(after, limit)))
    }

    fn entries(&self, _: BoardNumber) -> Answer<'_, Option<Entries<'_>>> {
        now(self.read(|written| {
            let all = written.changes.iter().enumerate();
            let standees = all.map(|(at, change)| standee(at, change).1).collect();
            let standees = stream::iter([Ok(standees)]).boxed();
            Some(Entries { as_of: written.head(), standees })
        }))
    }
}

fn follow(log: &Arc<OneBoard>) -> FollowingIndex {
    FollowingIndex::start(log.clone(), Arc::new(SeededRandom::new(1)))
}

async fn page(index: &FollowingIndex) -> Page {
    index.page(&board(), PageStart::Place(0), 100).await.expect("read")
}

async fn table(index: &FollowingIndex) -> Vec<String> {
    let standings = page(index).await.standings;
    standings.iter().map(|it| format!("{} {}", it.user, it.entry.score)).collect()
}

/// Waits until it is so that the follower comes to it by itself.
async fn until(index: &FollowingIndex, wanted: &[&str]) {
    let reached = async {
        while index.page(&board(), PageStart::Place(0), 100).await.is_err()
            || table(index).await != wanted
        {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let reached = tokio::time::timeout(Duration::from_mins(1), reached).await;
    assert!(reached.is_ok(), "not {wanted:?}, but {:?}", table(index).await);
}

#[tokio::test(start_paused = true)]
async fn what_is_there_is_read_from_the_first_answer_on() {
    let log = OneBoard::new(&[("ann", 3), ("bob", 5), ("ann", 9)]);
    let index = follow(&log);
    assert_eq!(page(&index).await.as_of, BoardPosition(3).into());
    assert_eq!(table(&index).await, ["ann 9", "bob 5"]);
}

#[tokio::test(start_paused = true)]
async fn what_others_wrote_is_found_without_being_told() {
    let log = OneBoard::new(&[("ann", 3)]);
    let index = follow(&log);
    until(&index, &["ann 3"]).await;
    let mut watched = index.watch(NUMBER).await.expect("watched");
    log.is(|written| written.changes.push(("bob".to_owned(), 4)));
    watched.wait_for(|at| *at == BoardPosition(2)).await.expect("told");
    assert_eq!(table(&index).await, ["bob 4", "ann 3"]);
}

#[tokio::test(start_paused = true)]
async fn more_than_a_piece_is_taken_in_pieces() {
    let log = OneBoard::new(&[]);
    let index = follow(&log);
    until(&index, &[]).await;
    let many = (0..=3 * PIECE_CHANGES).map(|n| ("ann".to_owned(), n as i64));
    log.is(|written| written.changes.extend(many));
    let head = BoardPosition(3 * PIECE_CHANGES as u64 + 1);
    index.reach(NUMBER, head).await.expect("reached");
    assert_eq!(page(&index).await.as_of, head.into());
}

#[tokio::test(start_paused = true)]
async fn a_log_that_went_back_takes_the_index_with_it() {
    let log = OneBoard::new(&[("ann", 3), ("ghost", 9)]);
    let index = follow(&log);
    until(&index, &["ghost 9", "ann 3"]).await;
    log.is(|written| {
        written.id = 2;
        written.changes.truncate(1);
        written.changes.push(("bob".to_owned(), 1));
    });
    until(&index, &["ann 3", "bob 1"]).await;
}

#[tokio::test(start_paused = true)]
async fn an_index_ahead_of_its_log_is_built_anew() {
    let log = OneBoard::new(&[("ann", 3), ("ghost", 9)]);
    let index = follow(&log);
    until(&index, &["ghost 9", "ann 3"]).await;
    log.is(|written| written.changes.truncate(1));
    until(&index, &["ann 3"]).await;
}

#[tokio::test(start_paused = true)]
async fn changes_that_the_log_has_no_more_are_made_good_by_entries() {
    let log = OneBoard::new(&[("ann", 3)]);
    let index = follow(&log);
    until(&index, &["ann 3"]).await;
    log.is(|written| {
        written.changes.push(("bob".to_owned(), 4));
        written.changes.push(("cid".to_owned(), 5));
        written.told_from = 2;
    });
    until(&index, &["cid 5", "bob 4", "ann 3"]).await;
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_an_index_that_is_away() {
    let log = OneBoard::new(&[("ann", 3)]);
    let index = follow(&log);
    until(&index, &["ann 3"]).await;
    log.is(|written| written.is_away = true);
    let away = async {
        while index.fault().is_none() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), away).await.expect("it is noticed");
    let asked = Instant::now();
    assert!(index.reach(NUMBER, BoardPosition(2)).await.is_err());
    assert_eq!(asked.elapsed(), Duration::ZERO);
    assert_eq!(table(&index).await, ["ann 3"], "as of what it says");
    log.is(|written| {
        written.is_away = false;
        written.changes.push(("bob".to_owned(), 4));
    });
    until(&index, &["bob 4", "ann 3"]).await;
    assert_eq!(index.fault(), None);
}

#[tokio::test(start_paused = true)]
async fn a_board_is_built_anew_when_that_is_asked_for_and_answers_meanwhile() {
    let log = OneBoard::new(&[("ann", 3), ("bob", 5)]);
    let index = follow(&log);
    until(&index, &["bob 5", "ann 3"]).await;
    log.is(|written| written.changes[1].1 = 1);
    let mut other = board();
    let (rebuilt, page) = tokio::join!(index.rebuild(&other), page(&index));
    assert_eq!((rebuilt, page.as_of), (Ok(()), BoardPosition(2).into()));
    assert_eq!(table(&index).await, ["ann 3", "bob 1"]);
    other.number = BoardNumber(8);
    assert!(index.rebuild(&other).await.is_err(), "there is no such board");
}
