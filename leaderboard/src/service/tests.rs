mod seasons;

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use model::{BoardId, ManualClock, Role, SeededRandom, Timestamp, UserId};
use tokio::sync::watch;

use super::*;
use crate::embedded::EmbeddedLog;
use crate::{
    Amount, Answer, EventKey, Operator, PageStart, Players, Ranking, Readers, ScoreChange,
    ScoreEvent, ScoreRange, StoreError, View, Wins,
};

/// An index and people that are away.
struct Away;

fn away<T: Send + 'static>() -> Answer<'static, T> {
    std::future::ready(Err(StoreError::unavailable("it is away").into())).boxed()
}

impl Index for Away {
    fn page<'a>(&'a self, _: &'a Board, _: PageStart, _: usize) -> Answer<'a, Page> {
        away()
    }

    fn players<'a>(&'a self, _: &'a Board, _: &'a [UserId]) -> Answer<'a, Players> {
        away()
    }

    fn view<'a>(&'a self, _: &'a Board, _: usize, _: &'a UserId, _: usize) -> Answer<'a, View> {
        away()
    }

    fn reach(&self, _: BoardNumber, _: BoardPosition) -> Answer<'_, ()> {
        away()
    }

    fn rebuild<'a>(&'a self, _: &'a Board) -> Answer<'a, ()> {
        away()
    }

    fn forget(&self, _: BoardNumber) {}

    fn watch(&self, _: BoardNumber) -> Answer<'_, watch::Receiver<BoardPosition>> {
        away()
    }
}

impl People for Away {
    fn names<'a>(&'a self, _: &'a [UserId]) -> BoxFuture<'a, Result<Vec<Option<String>>, Error>> {
        away()
    }

    fn friends<'a>(&'a self, _: &'a UserId) -> BoxFuture<'a, Result<Vec<UserId>, Error>> {
        away()
    }
}

/// Leaderboards over a log in a folder that goes with them; with its index, or with one that is away.
async fn leaderboard(is_index_away: bool) -> (Leaderboard, tempfile::TempDir) {
    let (boards, _, dir) = leaderboard_at(is_index_away).await;
    (boards, dir)
}

/// The same, with the clock.
async fn leaderboard_at(is_index_away: bool) -> (Leaderboard, Arc<ManualClock>, tempfile::TempDir) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (config, random) = (Config::default(), SeededRandom::new(1));
    let log = EmbeddedLog::open(dir.path(), config, &random).await.expect("a new log");
    let index: Arc<dyn Index> = if is_index_away { Arc::new(Away) } else { Arc::new(log.index()) };
    let clock = Arc::new(ManualClock::at(Timestamp(1_763_700_000_000)));
    let (log, people, random) = (Arc::new(log), Arc::new(Away), Arc::new(random));
    let boards = Leaderboard::start(config, log, index, people, clock.clone(), random);
    (boards, clock, dir)
}

fn weekly() -> BoardId {
    BoardId::parse("weekly").expect("a name")
}

fn sums() -> Rules {
    Rules {
        wins: Wins::High,
        operator: Operator::Sum,
        ranking: Ranking::Standard,
        readers: Readers::Anyone,
        range: ScoreRange::default(),
        season: None,
    }
}

fn user(n: usize) -> UserId {
    UserId::parse(&format!("p{n}")).expect("an id")
}

fn event(key: &str, players: impl IntoIterator<Item = usize>) -> ScoreEvent {
    let change = |n| ScoreChange { board: weekly(), user: user(n), amount: Amount::Delta(5) };
    ScoreEvent {
        producer: UserId::parse("game").expect("an id"),
        key: EventKey::parse(key).expect("a key"),
        happened: None,
        changes: players.into_iter().map(change).collect(),
    }
}

#[tokio::test]
async fn scores_are_taken_while_the_index_is_away_and_have_no_rank() {
    let (boards, _dir) = leaderboard(true).await;
    let (_, board) = boards.put_board(&weekly(), sums()).await.expect("made");
    let posted = boards.post(vec![event("a", [1])]).await.expect("taken").remove(0);
    let posted = posted.expect("counted").remove(0);
    assert_eq!((posted.applied.entry.score, posted.standing), (5, None));
    let page = boards.page(&board, PageStart::Place(0), 10).await;
    assert!(page.is_err_and(|error| error.kind() == model::ErrorKind::Unavailable));
}

#[tokio::test]
async fn without_the_directory_nobody_has_a_name_and_friends_are_not_known() {
    let (boards, _dir) = leaderboard(false).await;
    assert_eq!(boards.names(&[user(1), user(2)]).await, Ok(vec![None, None]));
    assert!(boards.circle(&user(1)).await.is_err());
}

#[tokio::test]
async fn everybody_of_a_large_batch_has_their_own_rank() {
    let (boards, _dir) = leaderboard(false).await;
    boards.put_board(&weekly(), sums()).await.expect("made");
    // More than are asked for at a time; the first ten twice.
    let events: Vec<_> = (0..40).map(|n| event(&n.to_string(), 10 * n..10 * n + 10)).collect();
    boards.post(vec![event("before", 0..10)]).await.expect("taken");
    let all = boards.post(events).await.expect("taken");
    let posted: Vec<Posted> = all.into_iter().flat_map(|it| it.expect("counted")).collect();
    assert_eq!(posted.len(), 400);
    for (n, it) in posted.iter().enumerate() {
        let standing = it.standing.as_ref().expect("on the board");
        let rank = if n < 10 { 1 } else { 11 };
        assert_eq!((&standing.user, standing.rank), (&user(n), rank));
    }
}

#[tokio::test]
async fn an_event_of_a_board_that_is_gone_has_its_answer_and_no_rank_on_the_new_one() {
    let (boards, _dir) = leaderboard(false).await;
    boards.put_board(&weekly(), sums()).await.expect("made");
    boards.post(vec![event("a", [1])]).await.expect("taken");
    boards.delete_board(&weekly()).await.expect("deleted");
    boards.put_board(&weekly(), sums()).await.expect("made");
    boards.post(vec![event("b", [1, 1])]).await.expect("taken");
    let again = boards.post(vec![event("a", [1])]).await.expect("answered").remove(0);
    let again = again.expect("counted").remove(0);
    assert_eq!((again.applied.entry.score, again.standing), (5, None));
}

/// The index of a log, but for one player whom it has otherwise, and one who stands there without reason.
struct Crooked(crate::index::memory::MemoryIndex);

impl Index for Crooked {
    fn page<'a>(&'a self, board: &'a Board, start: PageStart, limit: usize) -> Answer<'a, Page> {
        Box::pin(async move {
            let mut page = self.0.page(board, start, limit).await?;
            page.count += 1;
            Ok(page)
        })
    }

    fn players<'a>(&'a self, board: &'a Board, users: &'a [UserId]) -> Answer<'a, Players> {
        Box::pin(async move {
            let mut players = self.0.players(board, users).await?;
            for standing in players.standings.iter_mut().flatten() {
                standing.entry.score += i64::from(standing.user == user(7));
            }
            Ok(players)
        })
    }

    fn view<'a>(
        &'a self,
        board: &'a Board,
        top: usize,
        user: &'a UserId,
        each: usize,
    ) -> Answer<'a, View> {
        self.0.view(board, top, user, each)
    }

    fn reach(&self, board: BoardNumber, position: BoardPosition) -> Answer<'_, ()> {
        self.0.reach(board, position)
    }

    fn rebuild<'a>(&'a self, board: &'a Board) -> Answer<'a, ()> {
        self.0.rebuild(board)
    }

    fn forget(&self, board: BoardNumber) {
        self.0.forget(board);
    }

    fn watch(&self, board: BoardNumber) -> Answer<'_, watch::Receiver<BoardPosition>> {
        self.0.watch(board)
    }
}

#[tokio::test]
async fn whom_an_index_has_otherwise_is_found() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    for is_crooked in [false, true] {
        let (config, random) = (Config::default(), Arc::new(SeededRandom::new(1)));
        let log = EmbeddedLog::open(dir.path(), config, &*random).await.expect("a log");
        let index: Arc<dyn Index> =
            if is_crooked { Arc::new(Crooked(log.index())) } else { Arc::new(log.index()) };
        let clock = Arc::new(ManualClock::at(Timestamp(1_763_700_000_000)));
        let (log, people) = (Arc::new(log), Arc::new(Away));
        let boards = Leaderboard::start(config, log, index, people, clock, random);
        boards.put_board(&weekly(), sums()).await.expect("made");
        let events = (0..20).map(|n| event(&format!("k{n}"), [n])).collect();
        boards.post(events).await.expect("counted");
        boards.ban(&weekly(), &user(3), true).await.expect("banned");
        let board = boards.board(&weekly()).await.expect("there");
        let mut told = Vec::new();
        let verified = boards.verify(&board, |checked| told.push(checked)).await.expect("read");
        assert_eq!(verified.is_right(), !is_crooked);
        assert_eq!((verified.players, verified.unsettled), (20, 0));
        let (differing, surplus) = if is_crooked { (vec![user(7)], 1) } else { (vec![], 0) };
        assert_eq!((verified.differing, verified.surplus), (differing, Some(surplus)));
        assert!(!told.is_empty());
    }
}

/// Two processes over one log, and the clock of both.
async fn two_processes() -> (Leaderboard, Leaderboard, Arc<ManualClock>, tempfile::TempDir) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let config = Config::default();
    let log = EmbeddedLog::open(dir.path(), config, &SeededRandom::new(1)).await.expect("a log");
    let index = Arc::new(log.index());
    let (log, clock) = (Arc::new(log), Arc::new(ManualClock::at(Timestamp(1_763_700_000_000))));
    let start = || {
        let (people, random) = (Arc::new(Away), Arc::new(SeededRandom::new(2)));
        Leaderboard::start(config, log.clone(), index.clone(), people, clock.clone(), random)
    };
    (start(), start(), clock, dir)
}

#[tokio::test]
async fn whoever_watches_sees_the_rules_of_what_they_see() {
    let (boards, other, clock, _dir) = two_processes().await;
    boards.put_board(&weekly(), sums()).await.expect("made");
    boards.post(vec![event("1", [1])]).await.expect("counted");
    let ann = user(1);
    let watch = async || boards.watched(&weekly(), (&ann, Role::User), 10, 4).await;
    let (_, view) = watch().await.expect("shown");
    assert_eq!((view.count, view.as_of), (1, BoardPosition(1).into()));
    // Somebody else makes it one for services: known at the latest with the next change, or after a second.
    let hidden = Rules { readers: Readers::Services, ..sums() };
    other.put_board(&weekly(), hidden.clone()).await.expect("changed");
    other.post(vec![event("2", [1])]).await.expect("counted");
    assert_eq!(watch().await.map(|_| ()), Err(Refusal::ServicesOnly.into()));
    boards.put_board(&weekly(), sums()).await.expect("changed");
    watch().await.expect("shown at once, since it was changed here");
    other.put_board(&weekly(), hidden).await.expect("changed");
    clock.advance_ms(1_001);
    assert_eq!(watch().await.map(|_| ()), Err(Refusal::ServicesOnly.into()));
    other.delete_board(&weekly()).await.expect("deleted");
    clock.advance_ms(1_001);
    assert_eq!(watch().await.map(|_| ()), Err(Refusal::NoSuchBoard.into()));
}
