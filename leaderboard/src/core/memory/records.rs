use std::collections::btree_map;

use model::UserId;

use super::{Live, Memory};
use crate::core::board::{BoardPosition, StandingsId};
use crate::core::entry::Entry;
use crate::core::record::{BanRecord, ErasedRecord, Record, Sealed, SeasonRecord};
use crate::core::standings::Standings;

impl Memory {
    /// Takes what the log says. A record that was taken before changes nothing if all after it are taken again too.
    pub(crate) fn take(&mut self, record: &Record) {
        match record {
            Record::Board(board) => {
                self.last_number = self.last_number.max(board.number.0);
                self.boards.insert(board.id.clone(), board.clone());
                let live = self.live.entry(board.number);
                live.or_insert_with(|| Live::new(board.clone())).set(board);
            }
            Record::Deleted(board) => {
                if self.boards.get(&board.id).is_some_and(|known| known.number == board.number) {
                    self.boards.remove(&board.id);
                }
                self.live.remove(&board.number);
            }
            Record::Event(event) => {
                for applied in event.result.iter().flatten() {
                    let is_shown = !self.is_banned(applied.standings.board, &applied.user);
                    let (id, position) = (applied.standings, applied.position);
                    self.put(id, position, &applied.user, applied.entry, is_shown);
                }
            }
            Record::Ban(ban) => self.ban(ban),
            Record::Season(season) => self.season(season),
            Record::Erased(erased) => self.erase(erased),
        }
    }

    fn ban(&mut self, ban: &BanRecord) {
        let Some(live) = self.live.get_mut(&ban.board) else { return };
        if ban.is_banned {
            live.banned.insert(ban.user.clone());
        } else {
            live.banned.remove(&ban.user);
        }
        live.head = live.head.max(ban.position);
        for &(standings, entry) in &ban.entries {
            self.put(standings, ban.position, &ban.user, entry, !ban.is_banned);
        }
    }

    /// Nothing, if the board was deleted meanwhile.
    fn season(&mut self, season: &SeasonRecord) {
        let SeasonRecord { board, position, sealed } = season;
        let Some(live) = self.live.get_mut(&board.number) else { return };
        self.boards.insert(board.id.clone(), board.clone());
        live.set(board);
        live.head = live.head.max(*position);
        let Some(Sealed { standings, left_out }) = sealed else { return };
        let Some(players) = live.seasons.get_mut(&standings.season) else { return };
        for user in left_out {
            players.remove(user);
        }
        // A snapshot may have bans from after this, which change nothing here.
        for user in &live.banned {
            if let Some(entry) = players.entry(user) {
                if self.is_recovering {
                    players.put_unsorted(user, entry, true);
                } else {
                    players.put(user, entry, true);
                }
            }
        }
    }

    fn erase(&mut self, erased: &ErasedRecord) {
        let ErasedRecord { user, pseudonym, boards } = erased;
        for from in boards {
            let Some(live) = self.live.get_mut(&from.board) else { continue };
            live.head = live.head.max(from.position);
            live.banned.remove(user);
            if from.is_banned {
                live.banned.insert(pseudonym.clone());
            }
            for standings in live.seasons.values_mut() {
                standings.remove(user);
            }
            for &(id, entry, is_shown) in &from.entries {
                self.put(id, from.position, pseudonym, entry, is_shown);
            }
        }
    }

    /// Nothing, if the board was deleted meanwhile, or the season dropped.
    pub(super) fn put(
        &mut self,
        id: StandingsId,
        position: BoardPosition,
        user: &UserId,
        entry: Entry,
        is_shown: bool,
    ) {
        let Some(live) = self.live.get_mut(&id.board) else { return };
        live.head = live.head.max(position);
        let standings = match live.seasons.entry(id.season) {
            btree_map::Entry::Occupied(known) => known.into_mut(),
            btree_map::Entry::Vacant(new) => {
                let Some(board) = live.board.in_season(id.season) else { return };
                new.insert(Standings::new(board.rules.wins, board.ranking()))
            }
        };
        if self.is_recovering {
            standings.put_unsorted(user, entry, is_shown);
        } else {
            standings.put(user, entry, is_shown);
        }
    }
}
