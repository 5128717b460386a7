//! What whoever follows a log is given.

use std::collections::BTreeMap;

use futures_util::TryStreamExt as _;
use model::UserId;

use super::Backend;
use super::world::{SUMS, World, board_id, change, event, user, write};
use crate::Amount::Delta;
use crate::{BoardNumber, BoardPosition, Changes, Mutation, Standee, StandingsId};

/// Who has what, and whether they stand there.
pub(super) type Followed = BTreeMap<(StandingsId, UserId), (i64, bool)>;

async fn entries(world: &World, board: BoardNumber) -> (BoardPosition, Followed) {
    let entries = world.log.entries(board).await.expect("read").expect("there");
    let pieces: Vec<Vec<Standee>> = entries.standees.try_collect().await.expect("read");
    let mut followed = Followed::new();
    pieces.into_iter().flatten().for_each(|it| take(&mut followed, it));
    (entries.as_of, followed)
}

/// All that is on a board now.
pub(super) async fn copy(world: &World, board: BoardNumber) -> Followed {
    entries(world, board).await.1
}

/// Takes the changes of a board behind a position, to its head.
pub(super) async fn follow(
    world: &World,
    board: BoardNumber,
    followed: &mut Followed,
    at: &mut u64,
) {
    loop {
        let piece = changes(world, board, *at, 3).await.expect("all are there");
        piece.standees.into_iter().for_each(|(_, it)| take(followed, it));
        if std::mem::replace(at, piece.up_to.0) == piece.up_to.0 {
            return;
        }
    }
}

fn take(followed: &mut Followed, it: Standee) {
    match it.entry {
        Some(entry) => followed.insert((it.standings, it.user), (entry.score, it.is_shown)),
        None => followed.remove(&(it.standings, it.user)),
    };
}

async fn changes(world: &World, board: BoardNumber, after: u64, limit: usize) -> Option<Changes> {
    world.log.changes(board, BoardPosition(after), limit).await.expect("read")
}

/// A board and a follower who has come to its head; then it goes on.
async fn followed(world: &World) -> (BoardNumber, BoardPosition, Followed) {
    world.put_board("b", SUMS).await.expect("made");
    let board = world.board("b").await.number;
    let _ = changes(world, board, 0, 1).await;
    for (key, player) in [("1", "ann"), ("2", "bob"), ("3", "cid")] {
        world.score(key, "b", player, Delta(1)).await.expect("counted");
    }
    world.ban("b", "bob", true).await;
    let (as_of, entries) = entries(world, board).await;
    assert_eq!(as_of, BoardPosition(4));
    for (key, player) in [("4", "bob"), ("5", "dan"), ("6", "ann")] {
        world.score(key, "b", player, Delta(1)).await.expect("counted");
    }
    world.ban("b", "bob", false).await;
    world.ban("b", "nobody", true).await;
    world.ban("b", "ann", true).await;
    (board, as_of, entries)
}

/// In pieces of any size.
pub async fn changes_come_to_what_entries_say(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let (board, as_of, before) = followed(&world).await;
    let (head, after) = entries(&world, board).await;
    assert_eq!(head, BoardPosition(10));
    assert_eq!(after.values().filter(|(_, is_shown)| *is_shown).count(), 3, "ann is banned");
    for limit in [1, 2, 3, 100] {
        let (mut at, mut followed) = (as_of, before.clone());
        while at < head {
            let piece = changes(&world, board, at.0, limit).await.expect("all are there");
            assert!(piece.up_to > at, "{limit}: it goes on");
            let last = piece.standees.last().map_or(at, |(position, _)| *position);
            assert!(last <= piece.up_to && piece.standees.len() <= limit);
            at = piece.up_to;
            piece.standees.into_iter().for_each(|(_, it)| take(&mut followed, it));
        }
        assert_eq!(followed, after, "in pieces of {limit}");
    }
}

/// At the head there is nothing, and nothing is said of what isn't there.
pub async fn changes_end_at_the_head(backend: &dyn Backend) {
    let world = World::open(backend).await;
    let (board, ..) = followed(&world).await;
    let none = Changes { up_to: BoardPosition(10), standees: Vec::new() };
    assert_eq!(changes(&world, board, 10, 5).await, Some(none));
    assert_eq!(changes(&world, board, 11, 5).await, None, "ahead of the log");
    assert_eq!(changes(&world, BoardNumber(99), 0, 5).await, None);
    assert!(world.log.entries(BoardNumber(99)).await.expect("read").is_none());
    world.give(Mutation::DeleteBoard { id: board_id("b") }).await.expect("deleted");
    assert_eq!(changes(&world, board, 5, 5).await, None);
    assert!(world.log.entries(board).await.expect("read").is_none());
}

/// Each board by itself, also one that nobody is on.
pub async fn heads_say_how_far_boards_have_come(backend: &dyn Backend) {
    let world = World::open(backend).await;
    assert_eq!(world.log.heads().await, Ok(Vec::new()));
    for name in ["a", "b"] {
        world.put_board(name, SUMS).await.expect("made");
    }
    world.score("1", "b", "ann", Delta(1)).await.expect("counted");
    world.ban("b", "bob", true).await;
    let mut heads = world.log.heads().await.expect("read");
    heads.sort_unstable();
    let numbers = [world.board("a").await.number, world.board("b").await.number];
    assert_eq!(heads, [(numbers[0], BoardPosition(0)), (numbers[1], BoardPosition(2))]);
}

/// As long as it doesn't go back.
pub async fn a_log_keeps_its_id(backend: &dyn Backend) {
    let id = {
        let world = World::open(backend).await;
        world.put_board("b", SUMS).await.expect("made");
        world.log.id().await.expect("read")
    };
    assert_eq!(World::open(backend).await.log.id().await, Ok(id));
}

/// Once the index was told, and without it too once it is asked.
pub async fn whoever_watches_a_board_is_told(backend: &dyn Backend) {
    let world = World::open(backend).await;
    world.put_board("b", SUMS).await.expect("made");
    let board = world.board("b").await.number;
    let mut watched = world.index.watch(board).await.expect("watched");
    watched.mark_unchanged();
    let posted = (0..3)
        .map(|n| write(Mutation::Post(event(&n.to_string(), vec![change("b", "ann", Delta(1))]))));
    world.append(posted.collect()).await;
    world.index.reach(board, BoardPosition(3)).await.expect("reached");
    watched.changed().await.expect("told");
    watched.wait_for(|position| *position == BoardPosition(3)).await.expect("told");
    let standing = world.standing("b", "ann").await.expect("there");
    assert_eq!((standing.user, standing.entry.score), (user("ann"), 3));
}
