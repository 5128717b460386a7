use model::UserId;
use shard_map::{ShardMap, Slot};

use crate::{Board, Ranking};

/// On which servers the players of boards are.
#[derive(Debug)]
pub(super) struct Layouts {
    map: ShardMap,
    /// What the map is called; working it out takes a look at all of it.
    digest: String,
}

impl Layouts {
    /// By this map, whose shards are the servers.
    pub(super) fn new(map: ShardMap) -> Self {
        let digest = map.digest().to_string();
        Self { map, digest }
    }

    /// The servers, by their numbers.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.map.shards().iter().map(|shard| shard.name.as_str())
    }

    /// The server that has all of a board; `None` if its players are placed each by themselves.
    pub(super) fn home(&self, board: &Board) -> Option<usize> {
        let servers = self.map.shards().len();
        match servers {
            1 => Some(0),
            _ => Self::is_dense(board).then_some((board.number.0 % servers as u64) as usize),
        }
    }

    /// The server of a player of a board.
    pub(super) fn server(&self, board: &Board, user: &UserId) -> usize {
        self.home(board).unwrap_or_else(|| self.map.index_of(Slot::from(user)))
    }

    /// What tells servers whose players were placed otherwise from those that fit.
    pub(super) fn name(&self, board: &Board) -> String {
        let way = if self.home(board).is_some() { "whole" } else { "by-user" };
        match self.map.shards().len() {
            // Whatever the one is called.
            1 => way.to_owned(),
            _ => format!("{way}-{}", self.digest),
        }
    }

    /// Whether equal scores are counted once in any season of a board, which takes keys of their own.
    pub(super) fn is_dense(board: &Board) -> bool {
        let settled = board.seasons().filter_map(|season| Some(season.ended.as_ref()?.ranking));
        settled.chain([board.rules.ranking]).any(|ranking| ranking == Ranking::Dense)
    }
}
