//! One of several servers that takes changes later than another.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use e2e::servers::Redis;
use leaderboard::{
    Answer, AsOf, Board, BoardNumber, BoardPosition, Changes, Entries, Log, LogId, Outcome,
    PageStart, Ranking, Refusal, WriteRequest,
};
use model::{BoardId, Timestamp, UserId};
use tokio::sync::Semaphore;

use super::world::{World, index_of, named, until, user};

/// A log of which, while `is_shut`, only the first to ask for changes is given any.
struct Gated {
    log: Arc<dyn Log>,
    is_shut: AtomicBool,
    is_taken: AtomicBool,
    opened: Semaphore,
}

impl Gated {
    fn open(&self) {
        self.is_shut.store(false, Ordering::SeqCst);
        self.opened.add_permits(1_000);
    }
}

impl Log for Gated {
    fn append(&self, writes: Vec<WriteRequest>) -> Answer<'_, Vec<Result<Outcome, Refusal>>> {
        self.log.append(writes)
    }

    fn board<'a>(&'a self, id: &'a BoardId) -> Answer<'a, Option<Board>> {
        self.log.board(id)
    }

    fn board_and_head<'a>(&'a self, id: &'a BoardId) -> Answer<'a, Option<(Board, BoardPosition)>> {
        self.log.board_and_head(id)
    }

    fn boards<'a>(&'a self, after: Option<&'a BoardId>, limit: usize) -> Answer<'a, Vec<Board>> {
        self.log.boards(after, limit)
    }

    fn due(&self, at: Timestamp, limit: usize) -> Answer<'_, Vec<BoardId>> {
        self.log.due(at, limit)
    }

    fn banned<'a>(&'a self, board: BoardNumber, users: &'a [UserId]) -> Answer<'a, Vec<UserId>> {
        self.log.banned(board, users)
    }

    fn id(&self) -> Answer<'_, LogId> {
        self.log.id()
    }

    fn heads(&self) -> Answer<'_, Vec<(BoardNumber, BoardPosition)>> {
        self.log.heads()
    }

    fn changes(
        &self,
        board: BoardNumber,
        after: BoardPosition,
        limit: usize,
    ) -> Answer<'_, Option<Changes>> {
        Box::pin(async move {
            let changes = self.log.changes(board, after, limit).await?;
            let is_news = changes.as_ref().is_none_or(|changes| changes.up_to > after);
            let is_shut = self.is_shut.load(Ordering::SeqCst);
            if is_news && is_shut && self.is_taken.swap(true, Ordering::SeqCst) {
                self.opened.acquire().await.expect("never closed").forget();
            }
            Ok(changes)
        })
    }

    fn entries(&self, board: BoardNumber) -> Answer<'_, Option<Entries<'_>>> {
        self.log.entries(board)
    }
}

#[tokio::test]
async fn an_answer_of_servers_at_different_states_says_the_lowest_and_the_highest() {
    let servers = [Redis::start().await, Redis::start().await];
    let world = World::new().await;
    let names: Vec<String> = (0..40).map(|n| format!("p{n}")).collect();
    let points = |points: i64| names.iter().map(|name| (name.as_str(), points)).collect::<Vec<_>>();
    world.put_board("b", Ranking::Standard).await;
    world.post("b", &points(1)).await;
    let log = Arc::new(Gated {
        log: world.log.clone(),
        is_shut: AtomicBool::new(false),
        is_taken: AtomicBool::new(false),
        opened: Semaphore::new(0),
    });
    let configs = named(&[&servers[0], &servers[1]]);
    let index = index_of(&(log.clone() as Arc<dyn Log>), &configs, &configs);
    world.until_agreed(&*index, "b").await;
    let board = world.board("b").await;
    // The log remembers changes from when they are asked for the first time.
    let before = world.post("b", &points(1)).await;
    index.reach(board.number, before).await.expect("reached");
    let start = PageStart::Place(0);
    let page = async || index.page(&board, start, 100).await.expect("read");
    assert_eq!(page().await.as_of, before.into(), "at rest there is one state");
    log.is_shut.store(true, Ordering::SeqCst);
    let head = world.post("b", &points(1)).await;
    index.reach(board.number, head).await.expect_err("one server is held back");
    let both = AsOf { lowest: before, highest: head };
    until("one server has gone on", async || page().await.as_of == both).await;
    // Each server has all of its own state: who is on the one has scored, who is on the other has not.
    let page = page().await;
    let moved = page.standings.iter().filter(|it| it.entry.score == 3).count();
    assert_eq!((page.count, page.standings.len()), (40, 40));
    assert!((1..40).contains(&moved), "players are on both: {moved}");
    let better = |it: &&leaderboard::Standing| it.entry.score == 2 && it.rank != moved as u64 + 1;
    assert_eq!(page.standings.iter().find(better), None, "ranks count both");
    let users: Vec<_> = names.iter().map(|name| user(name)).collect();
    let players = index.players(&board, &users).await.expect("read");
    assert_eq!((players.as_of, players.count), (both, 40));
    for name in ["p0", "p1", "p2", "p3"] {
        let view = index.view(&board, 5, &user(name), 40).await.expect("read");
        assert_eq!((view.as_of, view.count), (both, 40), "{name}");
    }
    log.open();
    index.reach(board.number, head).await.expect("nothing is held back");
    assert!(world.agrees(&*index, "b").await);
}
