use std::collections::{BTreeMap, BTreeSet};

use model::{BoardId, Timestamp, UserId};

use crate::{Mutation, ScoreEvent, WriteRequest};

/// What deciding a batch of writes asks for.
pub(in crate::log::postgres) struct Needs<'a> {
    /// Boards are made or deleted.
    pub(super) is_about_boards: bool,
    pub(super) boards: BTreeSet<&'a BoardId>,
    pub(super) players: BTreeSet<(&'a BoardId, &'a UserId)>,
    /// Events by their keys; of several with the same key, any.
    pub(super) events: BTreeMap<(&'a UserId, &'a str), &'a ScoreEvent>,
    /// Who is to be unknown.
    pub(super) erased: Vec<&'a str>,
    /// When the last of them came.
    pub(super) latest: Timestamp,
}

impl<'a> Needs<'a> {
    pub(in crate::log::postgres) fn new(writes: &'a [WriteRequest]) -> Self {
        let mut needs = Self {
            is_about_boards: false,
            boards: BTreeSet::new(),
            players: BTreeSet::new(),
            events: BTreeMap::new(),
            erased: Vec::new(),
            latest: Timestamp(i64::MIN),
        };
        for write in writes {
            needs.latest = needs.latest.max(write.at);
            match &write.mutation {
                Mutation::PutBoard { id, .. } | Mutation::DeleteBoard { id } => {
                    needs.is_about_boards = true;
                    needs.boards.insert(id);
                }
                Mutation::Post(event) => {
                    needs.events.insert((&event.producer, event.key.as_str()), event);
                    for change in &event.changes {
                        needs.player(&change.board, &change.user);
                    }
                }
                Mutation::Ban { board, user, .. } => needs.player(board, user),
                Mutation::EndSeasons { board } => {
                    needs.boards.insert(board);
                }
                Mutation::Erase { user, .. } => needs.erased.push(user.as_str()),
            }
        }
        needs
    }

    fn player(&mut self, board: &'a BoardId, user: &'a UserId) {
        self.boards.insert(board);
        self.players.insert((board, user));
    }
}
