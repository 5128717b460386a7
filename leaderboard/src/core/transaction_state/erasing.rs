use std::collections::{BTreeMap, BTreeSet};

use model::UserId;

use super::TransactionState;
use crate::core::board::{BoardNumber, StandingsId};
use crate::core::entry::Entry;
use crate::core::mutation::Outcome;
use crate::core::record::{ErasedFrom, ErasedRecord, Record};

impl TransactionState<'_> {
    /// Gives all that somebody has to somebody else. What is remembered of events stays: it says nothing of whose they were.
    pub(super) fn erase(&mut self, user: UserId, pseudonym: UserId) -> Outcome {
        let mut by_board: BTreeMap<BoardNumber, Vec<(StandingsId, Entry)>> = BTreeMap::new();
        for (standings, entry) in self.entries_of(&user) {
            by_board.entry(standings.board).or_default().push((standings, entry));
        }
        for board in self.bans_of(&user) {
            by_board.entry(board).or_default();
        }
        if by_board.is_empty() {
            return Outcome::Erased(Vec::new());
        }
        let mut boards = Vec::with_capacity(by_board.len());
        for (board, entries) in by_board {
            let is_banned = self.is_banned(board, &user);
            let position = self.next_position(board);
            let shown = |(standings, entry): (StandingsId, Entry)| {
                // Whoever was banned when a season was sealed isn't on it any more.
                let is_sealed =
                    self.sealed.contains(&standings) || self.stored.is_sealed(standings);
                let is_shown = !is_banned || is_sealed;
                (standings, entry, is_shown)
            };
            let entries: Vec<_> = entries.into_iter().map(shown).collect();
            for &(standings, entry, _) in &entries {
                self.entries.insert((standings, user.clone()), None);
                self.entries.insert((standings, pseudonym.clone()), Some(entry));
            }
            if is_banned {
                self.bans.insert((board, user.clone()), false);
                self.bans.insert((board, pseudonym.clone()), true);
            }
            boards.push(ErasedFrom { board, position, is_banned, entries });
        }
        let reached = boards.iter().map(|it| (it.board, it.position)).collect();
        self.records.push(Record::Erased(ErasedRecord { user, pseudonym, boards }));
        Outcome::Erased(reached)
    }

    fn entries_of(&self, user: &UserId) -> BTreeMap<StandingsId, Entry> {
        let mut entries: BTreeMap<_, _> = self.stored.entries_of(user).into_iter().collect();
        for ((standings, _), entry) in self.entries.iter().filter(|((_, of), _)| of == user) {
            match entry {
                Some(entry) => entries.insert(*standings, *entry),
                None => entries.remove(standings),
            };
        }
        let is_kept =
            |id: &StandingsId| !self.deleted.contains(&id.board) && !self.dropped.contains(id);
        entries.retain(|standings, _| is_kept(standings));
        entries
    }

    fn bans_of(&self, user: &UserId) -> BTreeSet<BoardNumber> {
        let mut boards: BTreeSet<_> = self.stored.bans_of(user).into_iter().collect();
        for ((board, _), is_banned) in self.bans.iter().filter(|((_, of), _)| of == user) {
            if *is_banned {
                boards.insert(*board)
            } else {
                boards.remove(board)
            };
        }
        boards.retain(|board| !self.deleted.contains(board));
        boards
    }
}
