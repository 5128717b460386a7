use std::collections::BTreeSet;

use model::{Timestamp, UserId};

use super::{TransactionState, seasons};
use crate::core::board::{Board, StandingsId};
use crate::core::record::{Record, Sealed, SeasonRecord};

impl TransactionState<'_> {
    /// The board, once all has ended that does so by `at`.
    pub(super) fn brought_to(&mut self, mut board: Board, at: Timestamp) -> Board {
        while let Some((next, sealed)) = seasons::next(&board, at) {
            let standings = sealed.map(|season| board.standings(season));
            let sealed = standings
                .map(|standings| Sealed { standings, left_out: self.banned_on(standings) });
            self.set_seasons(&board, next.clone(), sealed);
            board = next;
        }
        board
    }

    /// The board has these seasons from now on.
    pub(super) fn set_seasons(&mut self, before: &Board, board: Board, sealed: Option<Sealed>) {
        let position = self.next_position(board.number);
        if let Some(Sealed { standings, left_out }) = &sealed {
            self.sealed.insert(*standings);
            for user in left_out {
                self.entries.insert((*standings, user.clone()), None);
            }
        }
        let is_kept = |number| board.seasons().any(|season| season.number == number);
        let dropped = before.seasons().map(|season| season.number).filter(|it| !is_kept(*it));
        self.dropped.extend(dropped.map(|season| board.standings(season)));
        self.boards.insert(board.id.clone(), Some(board.clone()));
        self.records.push(Record::Season(SeasonRecord { board, position, sealed }));
    }

    /// Those who are banned, of all who have something on the standings; in the order of their ids.
    fn banned_on(&self, id: StandingsId) -> Vec<UserId> {
        let changed = self.entries.keys().filter(|(standings, _)| *standings == id);
        let changed = changed.map(|(_, user)| user);
        let bans = self.bans.keys().filter(|(board, _)| *board == id.board).map(|(_, user)| user);
        let mut all: BTreeSet<UserId> = changed.chain(bans).cloned().collect();
        all.extend(self.stored.banned_on(id));
        let is_on =
            |user: &UserId| self.is_banned(id.board, user) && self.entry(id, user).is_some();
        all.into_iter().filter(is_on).collect()
    }
}
