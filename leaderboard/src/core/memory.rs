mod records;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;

use model::{BoardId, Timestamp, UserId};

use crate::core::board::{Board, BoardNumber, BoardPosition, StandingsId};
use crate::core::entry::Entry;
use crate::core::record::Record;
use crate::core::season::SeasonState;
use crate::core::standings::Standings;
use crate::core::transaction_state::seasons;

/// All boards with their standings, as of what the log says so far.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    boards: BTreeMap<BoardId, Board>,
    live: HashMap<BoardNumber, Live>,
    last_number: u64,
    /// Nobody stands anywhere yet.
    is_recovering: bool,
}

/// What is on a board.
#[derive(Debug)]
struct Live {
    board: Board,
    head: BoardPosition,
    seasons: BTreeMap<u32, Standings>,
    banned: BTreeSet<UserId>,
}

impl Memory {
    /// Of nothing yet, and to be told much: nobody stands anywhere until it is [`recovered`](Self::recovered).
    pub(crate) fn recovering() -> Self {
        Self { is_recovering: true, ..Self::default() }
    }

    /// Everybody stands where they belong.
    pub(crate) fn recovered(mut self) -> Self {
        let live = self.live.values_mut();
        live.flat_map(|live| live.seasons.values_mut()).for_each(Standings::sort);
        Self { is_recovering: false, ..self }
    }

    /// The board of this name.
    pub(crate) fn board(&self, id: &BoardId) -> Option<&Board> {
        self.boards.get(id)
    }

    /// Up to `limit` boards behind this one, in the order of their names.
    pub(crate) fn boards(&self, after: Option<&BoardId>, limit: usize) -> Vec<Board> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let behind = self.boards.range::<BoardId, _>((from, Bound::Unbounded));
        behind.take(limit).map(|(_, board)| board.clone()).collect()
    }

    /// Up to `limit` boards of whose seasons something has come to its end by `at`. All boards are looked at.
    pub(crate) fn due(&self, at: Timestamp, limit: usize) -> Vec<BoardId> {
        let is_due = |board: &&Board| seasons::due(board).is_some_and(|due| due <= at);
        self.boards.values().filter(is_due).map(|board| board.id.clone()).take(limit).collect()
    }

    /// How many boards there are.
    pub(crate) fn boards_count(&self) -> usize {
        self.boards.len()
    }

    /// The highest number that a board ever had.
    pub(crate) fn last_number(&self) -> BoardNumber {
        BoardNumber(self.last_number)
    }

    /// Whether there is such a board.
    pub(crate) fn has(&self, board: BoardNumber) -> bool {
        self.live.contains_key(&board)
    }

    /// How many changes each board has seen.
    pub(crate) fn heads(&self) -> Vec<(BoardNumber, BoardPosition)> {
        self.live.iter().map(|(number, live)| (*number, live.head)).collect()
    }

    /// How many changes a board has seen.
    pub(crate) fn head(&self, board: BoardNumber) -> BoardPosition {
        self.live.get(&board).map_or(BoardPosition(0), |live| live.head)
    }

    /// The standings, if anybody ever was on them.
    pub(crate) fn standings(&self, id: StandingsId) -> Option<&Standings> {
        self.live.get(&id.board)?.seasons.get(&id.season)
    }

    /// What a player has, banned or not.
    pub(crate) fn entry(&self, id: StandingsId, user: &UserId) -> Option<Entry> {
        self.standings(id)?.entry(user)
    }

    /// Whether a player is banned from a board.
    pub(crate) fn is_banned(&self, board: BoardNumber, user: &UserId) -> bool {
        self.live.get(&board).is_some_and(|live| live.banned.contains(user))
    }

    /// How many are banned from a board.
    pub(crate) fn banned_count(&self, board: BoardNumber) -> usize {
        self.live.get(&board).map_or(0, |live| live.banned.len())
    }

    /// Those who are banned from the board, of all who have something on its standings.
    pub(crate) fn banned_on(&self, id: StandingsId) -> Vec<UserId> {
        let Some(live) = self.live.get(&id.board) else { return Vec::new() };
        let Some(standings) = live.seasons.get(&id.season) else { return Vec::new() };
        live.banned.iter().filter(|user| standings.entry(user).is_some()).cloned().collect()
    }

    /// Whether the season is sealed.
    pub(crate) fn is_sealed(&self, id: StandingsId) -> bool {
        self.live.get(&id.board).is_some_and(|live| live.is_sealed(id.season))
    }

    /// All that somebody has. Every season of every board is looked at.
    pub(crate) fn entries_of(&self, user: &UserId) -> Vec<(StandingsId, Entry)> {
        let boards = self.live.iter();
        let all = boards.flat_map(|(board, live)| {
            live.seasons.iter().map(|(season, standings)| (*board, *season, standings))
        });
        let found = all.filter_map(|(board, season, standings)| {
            Some((StandingsId { board, season }, standings.entry(user)?))
        });
        found.collect()
    }

    /// The boards that somebody is banned from.
    pub(crate) fn bans_of(&self, user: &UserId) -> Vec<BoardNumber> {
        let banning = self.live.iter().filter(|(_, live)| live.banned.contains(user));
        banning.map(|(board, _)| *board).collect()
    }

    /// Up to `limit` of those who are banned from a board, behind this one, in the order of their ids.
    pub(crate) fn banned(
        &self,
        board: BoardNumber,
        after: Option<&UserId>,
        limit: usize,
    ) -> Vec<UserId> {
        let Some(live) = self.live.get(&board) else { return Vec::new() };
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        live.banned.range::<UserId, _>((from, Bound::Unbounded)).take(limit).cloned().collect()
    }

    /// The seasons of a board that anybody ever was on the standings of.
    pub(crate) fn seasons(&self, board: BoardNumber) -> Vec<u32> {
        self.live.get(&board).map_or_else(Vec::new, |live| live.seasons.keys().copied().collect())
    }

    /// A board that is in a snapshot, and how many changes it had seen.
    pub(crate) fn restore_board(&mut self, board: Board, head: BoardPosition) {
        let number = board.number;
        self.take(&Record::Board(board));
        if let Some(live) = self.live.get_mut(&number) {
            live.head = live.head.max(head);
        }
    }

    /// The highest number that a board ever had, of a snapshot.
    pub(crate) fn restore_last_number(&mut self, number: BoardNumber) {
        self.last_number = self.last_number.max(number.0);
    }

    /// A ban that is in a snapshot, before whoever is on the board.
    pub(crate) fn restore_ban(&mut self, board: BoardNumber, user: UserId) {
        if let Some(live) = self.live.get_mut(&board) {
            live.banned.insert(user);
        }
    }

    /// What a player has, in a snapshot. Of a sealed season everybody is shown.
    pub(crate) fn restore_entry(
        &mut self,
        id: StandingsId,
        user: &UserId,
        entry: Entry,
        is_sealed: bool,
    ) {
        let is_shown = is_sealed || !self.is_banned(id.board, user);
        self.put(id, BoardPosition(0), user, entry, is_shown);
    }
}

impl Live {
    fn new(board: Board) -> Self {
        Self { board, head: BoardPosition(0), seasons: BTreeMap::new(), banned: BTreeSet::new() }
    }

    /// The board is this from now on.
    fn set(&mut self, board: &Board) {
        self.board = board.clone();
        self.seasons.retain(|season, standings| {
            let season = board.in_season(*season);
            season.is_some_and(|board| {
                standings.rank_by(board.ranking());
                true
            })
        });
    }

    fn is_sealed(&self, season: u32) -> bool {
        let season = self.board.seasons().find(|it| it.number == season);
        season.is_some_and(|season| season.state() == SeasonState::Sealed)
    }
}
