use model::{Timestamp, UserId};

use super::*;

const SHAPE: BoardShape = BoardShape { top: 10, around: 4 };

fn at(ms: u64) -> Moment {
    Moment { monotonic: Monotonic(ms), wall: Timestamp(0) }
}

fn board(name: &str) -> BoardId {
    BoardId::parse(name).expect("a board id")
}

fn view(n: u64, score: i64) -> BoardView {
    let user = UserId::parse("ann").expect("an id");
    let standing = BoardStanding { place: 1, user, display_name: None, rank: 1, score };
    let standings = vec![standing.into()];
    BoardView { as_of: format!("b1.{n}"), as_of_highest: None, count: 1, place: None, standings }
}

fn watching(name: &str) -> (Boards, WatchId) {
    let mut boards = Boards::default();
    boards.watch(at(0), board(name), SHAPE, 2).expect("there is room");
    let read = boards.next_read(at(0)).expect("at once");
    (boards, read.watch)
}

fn whole(reply: Option<Reply>) -> BoardView {
    match reply {
        Some(Reply::Board(told)) => match told.1 {
            BoardChange::Whole(view) => view,
            BoardChange::Part { .. } => panic!("{told:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_board_is_told_whole_first_and_then_what_changes() {
    let (mut boards, watch) = watching("b");
    assert!(boards.next_read(at(0)).is_none() && boards.tell().is_none());
    boards.read(at(5), watch, Ok(view(1, 1)));
    assert_eq!(whole(boards.tell()), view(1, 1));
    boards.changed(at(6), watch, 5);
    assert!(!boards.is_known(watch), "nobody needs to say so again");
    assert_eq!(boards.next_look(), Some(Monotonic(BOARD_INTERVAL_MS)));
    assert!(boards.next_read(at(BOARD_INTERVAL_MS - 1)).is_none());
    boards.next_read(at(BOARD_INTERVAL_MS)).expect("it is time");
    boards.read(at(BOARD_INTERVAL_MS), watch, Ok(view(2, 2)));
    let Some(Reply::Board(told)) = boards.tell() else { panic!("a push") };
    let BoardChange::Part { as_of, difference, .. } = told.1 else { panic!("a part") };
    assert_eq!((&*as_of, difference.standings), ("b1.2", view(2, 2).standings));
}

#[test]
fn what_shows_the_same_is_not_told() {
    let (mut boards, watch) = watching("b");
    boards.read(at(0), watch, Ok(view(1, 1)));
    whole(boards.tell());
    boards.changed(at(1), watch, 0);
    boards.next_read(at(500)).expect("it is time");
    boards.read(at(500), watch, Ok(view(2, 1)));
    assert!(!boards.have_news());
}

#[test]
fn behind_a_gap_all_of_it_is_told() {
    let (mut boards, watch) = watching("b");
    boards.read(at(0), watch, Ok(view(1, 1)));
    whole(boards.tell());
    boards.changed(at(1), watch, 0);
    for ms in [500, 1_500] {
        boards.next_read(at(ms)).expect("it is time");
        boards.read(at(ms), watch, Err(BoardFailure::Unavailable));
    }
    assert!(matches!(boards.tell(), Some(Reply::BoardGap { .. })));
    assert!(boards.tell().is_none(), "told once");
    assert_eq!(boards.next_look(), Some(Monotonic(1_500 + RETRY_MS)));
    boards.next_read(at(9_000)).expect("it is time");
    boards.read(at(9_000), watch, Ok(view(1, 1)));
    assert_eq!(whole(boards.tell()), view(1, 1));
}

#[test]
fn nothing_is_looked_at_that_could_not_be_told() {
    let (mut boards, watch) = watching("b");
    boards.read(at(0), watch, Ok(view(1, 1)));
    boards.changed(at(1), watch, 0);
    assert!(boards.next_read(at(9_000)).is_none() && boards.next_look().is_none());
    whole(boards.tell());
    assert!(boards.next_read(at(9_000)).is_some());
}

#[test]
fn a_board_that_is_gone_is_told_once_and_makes_room() {
    let (mut boards, watch) = watching("b");
    boards.read(at(0), watch, Err(BoardFailure::NoSuchBoard));
    assert!(!boards.has(watch));
    for name in ["c", "d"] {
        boards.watch(at(0), board(name), SHAPE, 2).expect("there is room");
    }
    let refused = boards.watch(at(0), board("e"), SHAPE, 2).expect_err("one too many");
    assert_eq!(refused.word, ErrorWord::TooManyBoards);
    boards.watch(at(0), board("d"), BoardShape { top: 1, around: 0 }, 2).expect("the same");
    let Some(Reply::BoardClosed { reason, .. }) = boards.tell() else { panic!("an end") };
    assert_eq!(reason, BoardEnd::NoSuchBoard);
    assert!(boards.tell().is_none());
}

#[test]
fn an_answer_to_a_watching_that_ended_is_nothing() {
    let (mut boards, watch) = watching("b");
    boards.watch(at(1), board("b"), SHAPE, 2).expect("again");
    boards.read(at(2), watch, Ok(view(1, 1)));
    assert!(!boards.have_news() && boards.next_read(at(2)).is_some());
}
