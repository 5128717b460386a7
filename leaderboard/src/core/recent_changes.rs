use std::collections::{HashMap, VecDeque};

use model::UserId;

use crate::core::board::{BoardNumber, BoardPosition, StandingsId};
use crate::core::changes::{Changes, Standee};
use crate::core::entry::Entry;
use crate::core::record::{ErasedFrom, ErasedRecord, Record, Sealed, SeasonRecord};

/// The last changes of all boards together, in memory, so that whoever follows the log needn't have it read them again.
///
/// Kept from the first time that anybody asks on: most logs have no follower. Of each board they are without gaps, and of each
/// position all or none.
#[derive(Debug)]
pub(crate) struct RecentChanges {
    count_max: usize,
    is_followed: bool,
    /// Of each change that is kept its board, oldest first.
    boards: VecDeque<BoardNumber>,
    changes: HashMap<BoardNumber, VecDeque<Recent>>,
    /// The position that was forgotten last: more of it may come.
    forgotten: Option<(BoardNumber, BoardPosition)>,
}

/// A change; nobody stands elsewhere by one that concerns nobody on the standings.
type Recent = (BoardPosition, Option<Standee>);

impl RecentChanges {
    /// None yet, and never more than this many.
    pub(crate) fn new(count_max: usize) -> Self {
        let (boards, changes) = (VecDeque::new(), HashMap::new());
        Self { count_max, is_followed: false, boards, changes, forgotten: None }
    }

    /// Keeps changes from now on.
    pub(crate) fn follow(&mut self) {
        self.is_followed = true;
    }

    /// Takes what the log says; `is_banned` as of this record.
    pub(crate) fn take(
        &mut self,
        record: &Record,
        is_banned: impl Fn(BoardNumber, &UserId) -> bool,
    ) {
        if !self.is_followed {
            return;
        }
        match record {
            Record::Board(_) => {}
            Record::Deleted(board) => self.forget(board.number),
            Record::Event(event) => {
                for it in event.result.iter().flatten() {
                    let board = it.standings.board;
                    let is_shown = !is_banned(board, &it.user);
                    let standee = shown(it.standings, &it.user, it.entry, is_shown);
                    self.push(board, it.position, Some(standee));
                }
            }
            Record::Ban(ban) => {
                if ban.entries.is_empty() {
                    self.push(ban.board, ban.position, None);
                }
                for &(standings, entry) in &ban.entries {
                    let standee = shown(standings, &ban.user, entry, !ban.is_banned);
                    self.push(ban.board, ban.position, Some(standee));
                }
            }
            Record::Season(season) => self.season(season),
            Record::Erased(erased) => self.erased(erased),
        }
    }

    fn season(&mut self, season: &SeasonRecord) {
        let (board, position) = (season.board.number, season.position);
        let sealed = season.sealed.as_ref().filter(|sealed| !sealed.left_out.is_empty());
        let Some(Sealed { standings, left_out }) = sealed else {
            self.push(board, position, None);
            return;
        };
        for user in left_out {
            self.push(board, position, Some(gone(*standings, user)));
        }
    }

    fn erased(&mut self, erased: &ErasedRecord) {
        for ErasedFrom { board, position, entries, .. } in &erased.boards {
            if entries.is_empty() {
                self.push(*board, *position, None);
            }
            for &(standings, entry, is_shown) in entries {
                let standee = shown(standings, &erased.pseudonym, entry, is_shown);
                self.push(*board, *position, Some(gone(standings, &erased.user)));
                self.push(*board, *position, Some(standee));
            }
        }
    }

    /// A change of a board at its next position, or one more at its last; behind a gap those before it are forgotten.
    fn push(&mut self, board: BoardNumber, position: BoardPosition, standee: Option<Standee>) {
        if self.boards.len() >= self.count_max {
            self.forget_oldest();
        }
        if self.forgotten == Some((board, position)) {
            return;
        }
        let changes = self.changes.entry(board).or_default();
        let last = changes.back().map(|(last, _)| last.0);
        if last.is_some_and(|last| position.0 != last && position.0 != last + 1) {
            changes.clear();
            self.boards.retain(|it| *it != board);
        }
        changes.push_back((position, standee));
        self.boards.push_back(board);
    }

    /// A board is gone.
    fn forget(&mut self, board: BoardNumber) {
        if self.changes.remove(&board).is_some() {
            self.boards.retain(|it| *it != board);
        }
    }

    /// The changes of a board behind `after`, in their order, up to about `limit` as positions aren't split; `None` if not
    /// all of them are here.
    pub(crate) fn behind(
        &self,
        board: BoardNumber,
        after: BoardPosition,
        limit: usize,
    ) -> Option<Changes> {
        let changes = self.changes.get(&board)?;
        let from = changes.partition_point(|(position, _)| *position <= after);
        let (first, _) = changes.get(from)?;
        if first.0 != after.0 + 1 {
            return None;
        }
        let mut found = Changes { up_to: after, standees: Vec::new() };
        for (n, (position, standee)) in changes.range(from..).enumerate() {
            if n >= limit && *position != found.up_to {
                break;
            }
            found.up_to = *position;
            found.standees.extend(standee.clone().map(|standee| (*position, standee)));
        }
        Some(found)
    }

    fn forget_oldest(&mut self) {
        let Some(&board) = self.boards.front() else { return };
        let Some(changes) = self.changes.get_mut(&board) else { return };
        let oldest = changes.front().map(|(position, _)| *position);
        while oldest.is_some() && changes.front().map(|(position, _)| *position) == oldest {
            changes.pop_front();
            // Those of one position came one after the other.
            self.boards.pop_front();
        }
        if changes.is_empty() {
            self.changes.remove(&board);
        }
        self.forgotten = oldest.map(|position| (board, position));
    }
}

fn shown(standings: StandingsId, user: &UserId, entry: Entry, is_shown: bool) -> Standee {
    Standee { standings, user: user.clone(), entry: Some(entry), is_shown }
}

fn gone(standings: StandingsId, user: &UserId) -> Standee {
    Standee { standings, user: user.clone(), entry: None, is_shown: false }
}

#[cfg(test)]
mod tests {
    use model::UserId;

    use super::*;
    use crate::core::record::BanRecord;

    const BOARD: BoardNumber = BoardNumber(1);

    fn standee(position: u64) -> Standee {
        let entry = Entry { score: 1, reached: BoardPosition(position) };
        let user = UserId::parse("ann").expect("an id");
        let standings = StandingsId { board: BOARD, season: 0 };
        Standee { standings, user, entry: Some(entry), is_shown: true }
    }

    fn followed(count_max: usize) -> RecentChanges {
        let mut recent = RecentChanges::new(count_max);
        recent.follow();
        recent
    }

    fn push(
        recent: &mut RecentChanges,
        board: BoardNumber,
        positions: impl IntoIterator<Item = u64>,
    ) {
        for position in positions {
            recent.push(board, BoardPosition(position), Some(standee(position)));
        }
    }

    fn behind(recent: &RecentChanges, after: u64, limit: usize) -> Option<Vec<u64>> {
        let found = recent.behind(BOARD, BoardPosition(after), limit)?;
        let positions: Vec<u64> = found.standees.iter().map(|(position, _)| position.0).collect();
        assert_eq!(positions.last(), Some(&found.up_to.0));
        Some(positions)
    }

    #[test]
    fn what_nobody_follows_is_not_kept() {
        let ban = BanRecord {
            board: BOARD,
            position: BoardPosition(1),
            user: UserId::parse("ann").expect("an id"),
            is_banned: true,
            entries: Vec::new(),
        };
        let take = |recent: &mut RecentChanges| {
            recent.take(&Record::Ban(ban.clone()), |_, _| true);
            recent.behind(BOARD, BoardPosition(0), 10)
        };
        let up_to = BoardPosition(1);
        assert_eq!(take(&mut RecentChanges::new(10)), None);
        assert_eq!(take(&mut followed(10)), Some(Changes { up_to, standees: Vec::new() }));
    }

    #[test]
    fn changes_come_in_pieces_without_gaps() {
        let mut recent = followed(100);
        push(&mut recent, BOARD, [1, 2, 3, 3, 3, 4]);
        assert_eq!(behind(&recent, 0, 2), Some(vec![1, 2]));
        assert_eq!(behind(&recent, 2, 1), Some(vec![3, 3, 3]));
        assert_eq!(behind(&recent, 0, 100), Some(vec![1, 2, 3, 3, 3, 4]));
        assert_eq!(behind(&recent, 4, 100), None, "nothing is said of what isn't there");
    }

    #[test]
    fn of_what_is_forgotten_nothing_is_said() {
        let mut recent = followed(4);
        push(&mut recent, BOARD, 1..=3);
        push(&mut recent, BoardNumber(2), 1..=2);
        assert_eq!(behind(&recent, 0, 10), None, "1 is forgotten");
        assert_eq!(behind(&recent, 2, 10), Some(vec![3]));
        push(&mut recent, BoardNumber(2), 3..=5);
        assert_eq!(behind(&recent, 2, 10), None);
        assert_eq!(recent.boards.len(), 4);
    }

    #[test]
    fn half_of_a_position_is_not_given() {
        let mut recent = followed(3);
        push(&mut recent, BOARD, [4, 5, 5, 6]);
        assert_eq!(behind(&recent, 4, 10), Some(vec![5, 5, 6]), "the first that is kept is whole");
        push(&mut recent, BOARD, [7]);
        assert_eq!(behind(&recent, 4, 10), None, "5 is gone as a whole");
        assert_eq!(behind(&recent, 5, 10), Some(vec![6, 7]));
        push(&mut recent, BOARD, [8, 8, 8, 8]);
        assert_eq!(behind(&recent, 7, 10), None, "8 is longer than all that is kept");
        push(&mut recent, BOARD, [9]);
        assert_eq!(behind(&recent, 8, 10), Some(vec![9]));
        assert_eq!(recent.boards.len(), 1);
    }

    #[test]
    fn behind_a_gap_all_begins_anew() {
        let mut recent = followed(100);
        push(&mut recent, BOARD, [1, 2, 7, 8]);
        assert_eq!(behind(&recent, 1, 10), None);
        assert_eq!(behind(&recent, 7, 10), Some(vec![8]));
        assert_eq!(recent.boards.len(), 2);
        recent.forget(BOARD);
        assert_eq!(behind(&recent, 7, 10), None);
        assert!(recent.boards.is_empty());
    }
}
