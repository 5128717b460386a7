//! Boards that clients watch, over boards that tests change.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use model::{BoardId, Caller};
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::{World, id};
use crate::Config;
use crate::service::boards::Boards;
use crate::session::boards::{
    BOARD_INTERVAL_MS, BoardFailure, BoardShape, BoardStanding, BoardView,
};

/// Boards as tables of player and score, best first.
#[derive(Default)]
pub(super) struct Tables {
    boards: Mutex<HashMap<BoardId, Table>>,
}

struct Table {
    players: Vec<(&'static str, i64)>,
    changes: watch::Sender<u64>,
    fails: Option<BoardFailure>,
    views: usize,
}

impl Boards for Tables {
    fn watch(&self, board: BoardId) -> BoxFuture<'_, Result<BoxStream<'static, ()>, BoardFailure>> {
        let watched = self.with(&board, |table| {
            let next = |mut changes: watch::Receiver<u64>| async move {
                changes.changed().await.ok()?;
                Some(((), changes))
            };
            stream::unfold(table.changes.subscribe(), next).boxed()
        });
        Box::pin(std::future::ready(watched))
    }

    fn view(
        &self,
        viewer: Caller,
        board: BoardId,
        shape: BoardShape,
    ) -> BoxFuture<'_, Result<BoardView, BoardFailure>> {
        Box::pin(std::future::ready(self.with(&board, |table| table.view(&viewer, shape))))
    }
}

impl Table {
    fn view(&mut self, viewer: &Caller, shape: BoardShape) -> BoardView {
        self.views += 1;
        let own = self.players.iter().position(|(name, _)| *name == viewer.user.as_str());
        let is_watched = |place: usize| {
            place < shape.top || own.is_some_and(|own| own.abs_diff(place) <= shape.around)
        };
        let standings = self.players.iter().enumerate().filter(|(place, _)| is_watched(*place));
        let standing = |(place, &(name, score)): (usize, &(&str, i64))| {
            let (place, user) = (place as u64 + 1, id(name));
            Arc::new(BoardStanding { place, user, display_name: None, rank: place, score })
        };
        BoardView {
            as_of: format!("b1.{}", *self.changes.borrow()),
            as_of_highest: None,
            count: self.players.len() as u64,
            place: own.map(|own| own as u64 + 1),
            standings: standings.map(standing).collect(),
        }
    }
}

impl Tables {
    fn with<T>(
        &self,
        board: &BoardId,
        then: impl FnOnce(&mut Table) -> T,
    ) -> Result<T, BoardFailure> {
        let mut boards = self.boards.lock();
        let table = boards.get_mut(board).ok_or(BoardFailure::NoSuchBoard)?;
        match table.fails {
            Some(failure) => Err(failure),
            None => Ok(then(table)),
        }
    }

    /// A board shows this from now on.
    fn put(&self, name: &str, players: &[(&'static str, i64)]) {
        let new =
            || Table { players: Vec::new(), changes: watch::Sender::new(0), fails: None, views: 0 };
        let mut boards = self.boards.lock();
        let table = boards.entry(board(name)).or_insert_with(new);
        table.players = players.to_vec();
        table.changes.send_modify(|position| *position += 1);
    }

    fn fail(&self, name: &str, failure: Option<BoardFailure>) {
        let mut boards = self.boards.lock();
        let table = boards.get_mut(&board(name)).expect("a board");
        table.fails = failure;
        table.changes.send_modify(|_| {});
    }

    fn delete(&self, name: &str) {
        self.boards.lock().remove(&board(name));
    }

    fn views(&self, name: &str) -> usize {
        self.boards.lock()[&board(name)].views
    }
}

fn board(name: &str) -> BoardId {
    BoardId::parse(name).expect("a board id")
}

/// What a client holds of a board, by place, after all that it heard.
#[derive(Debug, Default, PartialEq)]
struct Held {
    standings: BTreeMap<u64, (String, i64)>,
    place: Option<u64>,
    count: u64,
}

impl Held {
    fn hear(&mut self, message: &Value) {
        match message["type"].as_str() {
            Some("board") => *self = Self::default(),
            Some("board_push") => {}
            _ => return,
        }
        self.count = message["count"].as_u64().expect("a count");
        if let Some(place) = message.get("place") {
            self.place = place.as_u64();
        }
        let list = |name: &str| message[name].as_array().cloned().unwrap_or_default();
        for gone in list("gone") {
            let place = gone.as_u64().expect("a place");
            assert!(self.standings.remove(&place).is_some(), "{place} wasn't there");
        }
        for standing in list("standings") {
            let place = standing["place"].as_u64().expect("a place");
            let user = standing["user"].as_str().expect("a user").to_owned();
            self.standings.insert(place, (user, standing["score"].as_i64().expect("a score")));
        }
    }
}

fn watching(players: &[(&'static str, i64)]) -> (World, usize) {
    let mut world = World::new(1, Config::default());
    world.boards.put("b", players);
    let ann = world.connect("ann", 0);
    world.heard(ann);
    world.say(ann, &json!({ "type": "watch_board", "board": "b", "top": 2, "around": 1 }));
    (world, ann)
}

/// What the client was told since it was asked last, and what it makes of it.
fn hear(world: &mut World, held: &mut Held) -> Vec<String> {
    for message in &world.clients[0].heard {
        held.hear(message);
    }
    world.heard(0)
}

fn table(players: &[(u64, &str, i64)]) -> BTreeMap<u64, (String, i64)> {
    let standing = |&(place, name, score): &(u64, &str, i64)| (place, (name.to_owned(), score));
    players.iter().map(standing).collect()
}

#[test]
fn a_watcher_sees_the_top_and_their_own_place_and_then_what_changes() {
    let players = [("dan", 9), ("eve", 8), ("fay", 7), ("gus", 6), ("ann", 5), ("hal", 4)];
    let (mut world, _) = watching(&players);
    let mut held = Held::default();
    assert_eq!(hear(&mut world, &mut held), ["board"]);
    let first = [(1, "dan", 9), (2, "eve", 8), (4, "gus", 6), (5, "ann", 5), (6, "hal", 4)];
    assert_eq!(held, Held { standings: table(&first), place: Some(5), count: 6 });
    // Within the interval it isn't looked at again, and however often it changes it is told once.
    let moved = [("dan", 9), ("ann", 9), ("eve", 8), ("fay", 7), ("gus", 6)];
    for _ in 0..50 {
        world.boards.put("b", &moved);
        world.settle();
    }
    assert!(world.heard(0).is_empty());
    world.pass_ms(BOARD_INTERVAL_MS);
    assert_eq!(hear(&mut world, &mut held), ["board_push"]);
    let then = [(1, "dan", 9), (2, "ann", 9), (3, "eve", 8)];
    assert_eq!(held, Held { standings: table(&then), place: Some(2), count: 5 });
    assert_eq!(world.boards.views("b"), 2);
}

#[test]
fn after_quiet_a_change_is_told_at_once() {
    let (mut world, _) = watching(&[("dan", 9)]);
    world.heard(0);
    world.pass_ms(10 * BOARD_INTERVAL_MS);
    world.boards.put("b", &[("dan", 10)]);
    world.settle();
    assert_eq!(world.heard(0), ["board_push"]);
}

#[test]
fn what_a_watcher_does_not_see_tells_them_nothing() {
    let players = [("dan", 9), ("eve", 8), ("ann", 3), ("hal", 2), ("ida", 1)];
    let (mut world, _) = watching(&players);
    world.heard(0);
    world.pass_ms(BOARD_INTERVAL_MS);
    world.boards.put("b", &[("dan", 9), ("eve", 8), ("ann", 3), ("hal", 2), ("ida", 0)]);
    world.pass_ms(BOARD_INTERVAL_MS);
    assert!(world.heard(0).is_empty());
}

#[test]
fn a_board_that_can_not_be_read_is_a_gap_and_then_told_whole() {
    let (mut world, _) = watching(&[("dan", 9)]);
    let mut held = Held::default();
    hear(&mut world, &mut held);
    world.pass_ms(BOARD_INTERVAL_MS);
    world.boards.fail("b", Some(BoardFailure::Unavailable));
    world.pass_ms(3_000);
    assert_eq!(hear(&mut world, &mut held), ["board_gap"], "told once");
    world.boards.fail("b", None);
    world.boards.put("b", &[("dan", 9), ("eve", 1)]);
    world.pass_ms(3_000);
    assert_eq!(hear(&mut world, &mut held), ["board"]);
    assert_eq!(held.standings, table(&[(1, "dan", 9), (2, "eve", 1)]));
}

#[test]
fn what_is_deleted_hidden_or_unknown_is_closed_and_may_come_again() {
    let (mut world, ann) = watching(&[("dan", 9)]);
    world.heard(ann);
    world.pass_ms(BOARD_INTERVAL_MS);
    world.boards.fail("b", Some(BoardFailure::Forbidden));
    world.settle();
    let message = world.clients[ann].heard.last().expect("told").clone();
    assert_eq!(message, json!({ "type": "board_closed", "board": "b", "reason": "forbidden" }));
    world.boards.fail("b", None);
    world.heard(ann);
    let watch = json!({ "type": "watch_board", "board": "b" });
    world.say(ann, &watch);
    assert_eq!(world.heard(ann), ["board"]);
    world.boards.delete("b");
    world.pass_ms(BOARD_INTERVAL_MS);
    let message = world.clients[ann].heard.last().expect("told").clone();
    assert_eq!(message, json!({ "type": "board_closed", "board": "b", "reason": "no_such_board" }));
    world.heard(ann);
    world.boards.put("b", &[("new", 1)]);
    world.pass_ms(5_000);
    assert!(world.heard(ann).is_empty(), "nobody watches it");
    world.say(ann, &watch);
    assert_eq!(world.heard(ann), ["board"]);
    world.say(ann, &json!({ "type": "unwatch_board", "board": "b" }));
    let message = world.clients[ann].heard.last().expect("told").clone();
    assert_eq!(message, json!({ "type": "board_closed", "board": "b", "reason": "unwatched" }));
}

#[test]
fn one_connection_watches_so_many_boards() {
    let (mut world, ann) = watching(&[("dan", 9)]);
    for name in ["c", "d", "e", "f"] {
        world.boards.put(name, &[]);
        world.say(ann, &json!({ "type": "watch_board", "board": name }));
    }
    assert_eq!(world.heard(ann), ["board", "board", "board", "board", "error"]);
    world.say(ann, &json!({ "type": "watch_board", "board": "b", "top": 0, "around": 0 }));
    assert_eq!(world.heard(ann), ["board"], "the same board again, in another shape");
}

#[test]
fn a_stuck_client_costs_one_view_of_a_board() {
    let (mut world, ann) = watching(&[("dan", 9)]);
    let mut held = Held::default();
    hear(&mut world, &mut held);
    world.clients[ann].stuck = true;
    for score in 10..30 {
        world.boards.put("b", &[("dan", score)]);
        world.pass_ms(BOARD_INTERVAL_MS);
    }
    assert_eq!(world.boards.views("b"), 2, "what is looked at is told first");
    world.clients[ann].stuck = false;
    world.pass_ms(2_000);
    assert_eq!(hear(&mut world, &mut held), ["board_push", "degraded", "board_push"]);
    assert_eq!(held.standings, table(&[(1, "dan", 29)]));
}
