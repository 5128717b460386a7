use std::sync::Arc;
use std::time::Duration;

use model::{BoardId, Timestamp, UserId};
use tokio::time::{sleep, timeout};

use super::Backend;
use crate::limits::KEY_AGE_MS_DEFAULT;
use crate::{
    Amount, Applied, Board, BoardNumber, BoardPosition, Effect, EventKey, Index, KeyTime, Log,
    Mutation, Operator, Outcome, Page, PageStart, Ranking, Readers, Refusal, Rules, ScoreChange,
    ScoreEvent, ScoreRange, Standing, View, Wins, WriteRequest,
};

/// How long an index may take to come to where its log is, and how often it is asked.
const REACHED_MAX: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(10);

/// When the writes of the cases come, unless the case says otherwise.
pub const NOW: Timestamp = Timestamp(1_700_000_000_000);

/// An open log and index, and short words for what is done with them.
pub(super) struct World {
    pub(super) log: Arc<dyn Log>,
    pub(super) index: Arc<dyn Index>,
}

/// Sums, high scores win, equal ones share a rank.
pub(super) const SUMS: Rules = Rules {
    wins: Wins::High,
    operator: Operator::Sum,
    ranking: Ranking::Standard,
    readers: Readers::Anyone,
    range: ScoreRange { min: i64::MIN, max: i64::MAX },
    season: None,
};

/// Keeps the latest score.
pub(super) const LATEST: Rules = Rules { operator: Operator::Latest, ..SUMS };

pub(super) fn board_id(name: &str) -> BoardId {
    BoardId::parse(name).expect("a board id")
}

pub(super) fn user(name: &str) -> UserId {
    UserId::parse(name).expect("a user id")
}

/// A change of a score of a player on a board.
pub(super) fn change(board: &str, player: &str, amount: Amount) -> ScoreChange {
    ScoreChange { board: board_id(board), user: user(player), amount }
}

/// An event of the producer `game`.
pub(super) fn event(key: &str, changes: Vec<ScoreChange>) -> ScoreEvent {
    let key = EventKey::parse(key).expect("a key");
    ScoreEvent { producer: user("game"), key, happened: None, changes }
}

pub(super) fn write(mutation: Mutation) -> WriteRequest {
    write_at(mutation, NOW)
}

/// A write at a moment, when keys are remembered for a day.
pub(super) fn write_at(mutation: Mutation, at: Timestamp) -> WriteRequest {
    WriteRequest { mutation, at, keys: KeyTime::new(at, KEY_AGE_MS_DEFAULT) }
}

impl World {
    pub(super) async fn open(backend: &dyn Backend) -> Self {
        let (log, index) = backend.open().await.expect("opens");
        let world = Self { log, index };
        // An index that is built from the log is read at once, but nobody waits long for it.
        world.reach_heads().await;
        world
    }

    pub(super) async fn append(&self, writes: Vec<WriteRequest>) -> Vec<Result<Outcome, Refusal>> {
        let outcomes = self.log.append(writes).await.expect("appended");
        for outcome in outcomes.iter().flatten() {
            self.reach(outcome).await;
        }
        outcomes
    }

    /// Waits until the index has what came of a write.
    async fn reach(&self, outcome: &Outcome) {
        let reached: Vec<_> = match outcome {
            Outcome::Board(_, board) => vec![(board.number, BoardPosition(0))],
            Outcome::Ban(_, board, position) | Outcome::Seasons(_, board, position) => {
                vec![(*board, *position)]
            }
            Outcome::Erased(boards) => boards.clone(),
            Outcome::Posted(applied) => {
                applied.iter().map(|it| (it.standings.board, it.position)).collect()
            }
            Outcome::Deleted(_) => Vec::new(),
        };
        for (board, position) in reached {
            // Unless it was deleted meanwhile.
            let boards = self.log.heads().await.expect("read");
            if boards.iter().any(|(number, _)| *number == board) {
                self.reach_position(board, position).await;
            }
        }
    }

    async fn reach_position(&self, board: BoardNumber, position: BoardPosition) {
        // On a busy machine it takes more than the second that anybody waits at a time.
        let reached = async {
            while self.index.reach(board, position).await.is_err() {
                sleep(LOOK).await;
            }
        };
        timeout(REACHED_MAX, reached).await.expect("reached");
    }

    /// Waits until the index has all, also what came of writes that were refused.
    pub(super) async fn reach_heads(&self) {
        for (board, head) in self.log.heads().await.expect("read") {
            self.reach_position(board, head).await;
        }
    }

    pub(super) async fn give(&self, mutation: Mutation) -> Result<Outcome, Refusal> {
        self.append(vec![write(mutation)]).await.remove(0)
    }

    pub(super) async fn give_at(
        &self,
        mutation: Mutation,
        at: Timestamp,
    ) -> Result<Outcome, Refusal> {
        self.append(vec![write_at(mutation, at)]).await.remove(0)
    }

    /// Rules with a range that the index has.
    pub(super) fn rules(&self, rules: Rules) -> Rules {
        let range = rules.range.narrowed_to(self.index.range()).expect("a range of the index");
        Rules { range, ..rules }
    }

    pub(super) async fn put_board(&self, name: &str, rules: Rules) -> Result<Effect, Refusal> {
        let rules = self.rules(rules);
        match self.give(Mutation::PutBoard { id: board_id(name), rules }).await? {
            Outcome::Board(effect, _) => Ok(effect),
            other => panic!("{other:?}"),
        }
    }

    pub(super) async fn board(&self, name: &str) -> Board {
        self.log.board(&board_id(name)).await.expect("read").expect("there")
    }

    pub(super) async fn post_at(
        &self,
        event: ScoreEvent,
        at: Timestamp,
    ) -> Result<Vec<Applied>, Refusal> {
        let write = write_at(Mutation::Post(event), at);
        match self.append(vec![write]).await.remove(0)? {
            Outcome::Posted(applied) => Ok(applied),
            other => panic!("{other:?}"),
        }
    }

    pub(super) async fn post(&self, event: ScoreEvent) -> Result<Vec<Applied>, Refusal> {
        self.post_at(event, NOW).await
    }

    /// Posts one change under a key; answers the score.
    pub(super) async fn score(
        &self,
        key: &str,
        board: &str,
        player: &str,
        amount: Amount,
    ) -> Result<i64, Refusal> {
        let applied = self.post(event(key, vec![change(board, player, amount)])).await?;
        Ok(applied[0].entry.score)
    }

    pub(super) async fn ban(&self, board: &str, player: &str, is_banned: bool) -> Effect {
        let (board, user) = (board_id(board), user(player));
        match self.give(Mutation::Ban { board, user, is_banned }).await {
            Ok(Outcome::Ban(effect, ..)) => effect,
            other => panic!("{other:?}"),
        }
    }

    pub(super) async fn page(&self, board: &str, start: PageStart, limit: usize) -> Page {
        let board = self.board(board).await;
        self.index.page(&board, start, limit).await.expect("read")
    }

    pub(super) async fn standing(&self, board: &str, player: &str) -> Option<Standing> {
        let board = self.board(board).await;
        let users = [user(player)];
        self.index.players(&board, &users).await.expect("read").standings.remove(0)
    }

    /// What a player is shown of a board.
    pub(super) async fn view(&self, board: &str, top: usize, player: &str, each: usize) -> View {
        let board = self.board(board).await;
        self.index.view(&board, top, &user(player), each).await.expect("read")
    }

    /// Everybody on a board, as `player rank score`.
    pub(super) async fn table(&self, board: &str) -> Vec<String> {
        lines(&self.page(board, PageStart::Place(0), 1_000).await.standings)
    }
}

/// Standings as `player rank score`.
pub(super) fn lines(standings: &[Standing]) -> Vec<String> {
    let line = |it: &Standing| format!("{} {} {}", it.user, it.rank, it.entry.score);
    standings.iter().map(line).collect()
}
