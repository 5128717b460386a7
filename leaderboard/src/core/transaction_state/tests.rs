use super::*;
use crate::core::board::{Operator, Ranking, Readers, ScoreRange, Wins};
use crate::core::event::{Amount, EventKey};

/// One board that has room for one more player; `old` is on it.
struct AlmostFull;

impl Stored for AlmostFull {
    fn board(&self, id: &BoardId) -> Option<Board> {
        let (operator, range) = (Operator::Sum, ScoreRange::default());
        let (ranking, readers) = (Ranking::Standard, Readers::Anyone);
        let rules = Rules { wins: Wins::High, operator, ranking, readers, range, season: None };
        let (created, past) = (Timestamp(0), [].into());
        let season = Season::first(created, None);
        Some(Board { id: id.clone(), number: BoardNumber(1), rules, created, season, past })
    }

    fn boards_count(&self) -> usize {
        1
    }

    fn last_number(&self) -> BoardNumber {
        BoardNumber(1)
    }

    fn head(&self, _: BoardNumber) -> BoardPosition {
        BoardPosition(PLAYERS_MAX)
    }

    fn entry(&self, _: StandingsId, player: &UserId) -> Option<Entry> {
        let entry = Entry { score: 1, reached: BoardPosition(1) };
        (*player == user("old")).then_some(entry)
    }

    fn players_count(&self, _: StandingsId) -> u64 {
        PLAYERS_MAX - 1
    }

    fn is_banned(&self, _: BoardNumber, _: &UserId) -> bool {
        false
    }

    fn banned_count(&self, _: BoardNumber) -> usize {
        0
    }

    fn banned_on(&self, _: StandingsId) -> Vec<UserId> {
        Vec::new()
    }

    fn is_sealed(&self, _: StandingsId) -> bool {
        false
    }

    fn entries_of(&self, _: &UserId) -> Vec<(StandingsId, Entry)> {
        Vec::new()
    }

    fn bans_of(&self, _: &UserId) -> Vec<BoardNumber> {
        Vec::new()
    }

    fn remembered(&self, _: &ScoreEvent) -> Option<Remembered> {
        None
    }

    fn room_for_events(&self) -> usize {
        usize::MAX
    }
}

fn user(name: &str) -> UserId {
    UserId::parse(name).expect("a user id")
}

/// Posts a point for each of these in one event.
fn post(state: &mut TransactionState<'_>, key: &str, players: &[&str]) -> Result<(), Refusal> {
    let board = BoardId::parse("board").expect("a board id");
    let change = |player: &&str| ScoreChange {
        board: board.clone(),
        user: user(player),
        amount: Amount::Delta(1),
    };
    let changes = players.iter().map(change).collect();
    let key = EventKey::parse(key).expect("a key");
    let event = ScoreEvent { producer: user("game"), key, happened: None, changes };
    let (at, keys) = (Timestamp(0), KeyTime::new(Timestamp(0), 0));
    let write = WriteRequest { mutation: Mutation::Post(event), at, keys };
    state.apply(write).map(|_| ())
}

#[test]
fn a_full_board_takes_nobody_more_and_those_who_are_on_it_go_on() {
    let mut state = TransactionState::new(&AlmostFull);
    let full = Err(Refusal::TooManyPlayers);
    assert_eq!(post(&mut state, "1", &["old", "ann", "bob"]), full, "one too many");
    assert_eq!(post(&mut state, "2", &["ann", "old", "ann"]), Ok(()), "the last one");
    assert_eq!(post(&mut state, "3", &["bob"]), full);
    assert_eq!(post(&mut state, "4", &["ann", "old"]), Ok(()));
}
