use std::collections::{BTreeMap, BTreeSet, HashMap};

use model::UserId;

use super::load::Loaded;
use super::rows;
use crate::core::record::{
    BanRecord, ErasedFrom, ErasedRecord, EventRecord, Record, Sealed, SeasonRecord,
};
use crate::core::transaction_state::Stored;
use crate::{Amount, Board, BoardNumber, BoardPosition, Effect, Entry, StandingsId};

/// Whose, on which standings.
pub(super) type Place<'a> = (StandingsId, &'a UserId);

/// What records make of the tables.
#[derive(Default)]
pub(super) struct ChangeSet<'a> {
    /// The log's rows, in the order of positions of each board.
    pub(super) changes: Vec<ChangeRow<'a>>,
    /// What those have who had nothing.
    pub(super) new: BTreeMap<Place<'a>, Entry>,
    /// What others have.
    pub(super) known: BTreeMap<Place<'a>, Entry>,
    /// Who has nothing any more, of those who had before.
    pub(super) removed: BTreeSet<Place<'a>>,
    /// Seasons that are sealed, and others that boards keep no more.
    pub(super) sealed: BTreeSet<StandingsId>,
    pub(super) dropped: BTreeSet<StandingsId>,
    /// Who is unknown, since which position of a board, and who has what they had.
    pub(super) erased: Vec<(BoardNumber, BoardPosition, &'a UserId, &'a UserId)>,
    /// How many more have something.
    pub(super) players: BTreeMap<StandingsId, i64>,
    /// How far boards have come.
    pub(super) heads: BTreeMap<BoardNumber, BoardPosition>,
    /// How many more are banned.
    pub(super) banned: BTreeMap<BoardNumber, i64>,
    /// Who is banned, and who no more.
    pub(super) bans: BTreeMap<(BoardNumber, &'a UserId), bool>,
    /// Events by producer and key.
    pub(super) keys: BTreeMap<(&'a UserId, &'a str), &'a EventRecord>,
    /// Boards that are made, or have other rules.
    pub(super) boards: BTreeMap<BoardNumber, &'a Board>,
    pub(super) deleted: Vec<BoardNumber>,
}

/// A row of the log.
pub(super) struct ChangeRow<'a> {
    pub(super) standings: StandingsId,
    pub(super) position: BoardPosition,
    /// Which row of the position.
    pub(super) part: i32,
    pub(super) user: Option<&'a UserId>,
    pub(super) what: &'static str,
    pub(super) is_shown: bool,
    pub(super) entry: Option<Entry>,
    /// The event, and what it says of this score.
    pub(super) event: Option<(&'a EventRecord, i64)>,
}

/// Who is banned, while records are gone through.
pub(super) struct Bans<'a> {
    before: &'a Loaded,
    since: HashMap<(BoardNumber, UserId), bool>,
}

impl<'a> Bans<'a> {
    pub(super) fn new(before: &'a Loaded) -> Self {
        Self { before, since: HashMap::new() }
    }

    /// Goes on behind a record.
    pub(super) fn take(&mut self, record: &Record) {
        match record {
            Record::Ban(ban) => {
                self.since.insert((ban.board, ban.user.clone()), ban.is_banned);
            }
            Record::Erased(erased) => {
                for from in erased.boards.iter().filter(|from| from.is_banned) {
                    self.since.insert((from.board, erased.user.clone()), false);
                    self.since.insert((from.board, erased.pseudonym.clone()), true);
                }
            }
            Record::Board(_) | Record::Deleted(_) | Record::Event(_) | Record::Season(_) => {}
        }
    }

    pub(super) fn has(&self, board: BoardNumber, user: &UserId) -> bool {
        let since = self.since.get(&(board, user.clone())).copied();
        since.unwrap_or_else(|| self.before.is_banned(board, user))
    }
}

impl<'a> ChangeSet<'a> {
    pub(super) fn new(records: &'a [Record], before: &Loaded) -> Self {
        let (mut set, mut bans) = (Self::default(), Bans::new(before));
        for record in records {
            bans.take(record);
            match record {
                Record::Board(board) => {
                    set.boards.insert(board.number, board);
                }
                Record::Deleted(board) => {
                    set.boards.remove(&board.number);
                    set.deleted.push(board.number);
                }
                Record::Event(event) => set.event(event, &bans),
                Record::Ban(ban) => set.ban(ban),
                Record::Season(season) => set.season(season, before),
                Record::Erased(erased) => set.erased(erased),
            }
        }
        set
    }

    fn event(&mut self, event: &'a EventRecord, bans: &Bans<'_>) {
        self.keys.insert((&event.event.producer, event.event.key.as_str()), event);
        for (applied, change) in event.result.iter().flatten().zip(&event.event.changes) {
            let place = (applied.standings, &applied.user);
            match applied.effect {
                Effect::Created => {
                    self.new.insert(place, applied.entry);
                    *self.players.entry(applied.standings).or_default() += 1;
                }
                Effect::Changed => {
                    let new = self.new.get_mut(&place);
                    let entry =
                        new.unwrap_or_else(|| self.known.entry(place).or_insert(applied.entry));
                    *entry = applied.entry;
                }
                Effect::Unchanged | Effect::Removed => {}
            }
            let (Amount::Delta(amount) | Amount::Score(amount)) = change.amount;
            self.change(ChangeRow {
                standings: applied.standings,
                position: applied.position,
                part: 0,
                user: Some(&applied.user),
                what: applied.effect.as_str(),
                is_shown: !bans.has(applied.standings.board, &applied.user),
                entry: Some(applied.entry),
                event: Some((event, amount)),
            });
        }
    }

    fn ban(&mut self, ban: &'a BanRecord) {
        *self.banned.entry(ban.board).or_default() += if ban.is_banned { 1 } else { -1 };
        self.bans.insert((ban.board, &ban.user), ban.is_banned);
        let row = |standings, entry| ChangeRow {
            standings,
            position: ban.position,
            part: 0,
            user: Some(&ban.user),
            what: if ban.is_banned { "ban" } else { "unban" },
            is_shown: !ban.is_banned,
            entry,
            event: None,
        };
        for &(standings, entry) in &ban.entries {
            self.change(row(standings, Some(entry)));
        }
        if ban.entries.is_empty() {
            self.change(row(StandingsId { board: ban.board, season: 0 }, None));
        }
    }

    fn season(&mut self, season: &'a SeasonRecord, before: &Loaded) {
        let SeasonRecord { board, position, sealed } = season;
        self.boards.insert(board.number, board);
        let known = before
            .board(&board.id)
            .into_iter()
            .flat_map(|board| board.seasons().map(|season| season.number).collect::<Vec<_>>());
        let is_kept = |number: &u32| board.seasons().any(|season| season.number == *number);
        let dropped = known.filter(|number| !is_kept(number));
        self.dropped.extend(dropped.map(|season| board.standings(season)));
        self.change(ChangeRow::without_score(board.current(), *position, None, "season"));
        let Some(Sealed { standings, left_out }) = sealed else { return };
        self.sealed.insert(*standings);
        for user in left_out {
            self.remove(*standings, *position, user);
            *self.players.entry(*standings).or_default() -= 1;
        }
    }

    fn erased(&mut self, erased: &'a ErasedRecord) {
        let ErasedRecord { user, pseudonym, boards } = erased;
        for ErasedFrom { board, position, is_banned, entries } in boards {
            self.erased.push((*board, *position, user, pseudonym));
            if *is_banned {
                self.bans.insert((*board, user), false);
                self.bans.insert((*board, pseudonym), true);
            }
            for &(standings, entry, is_shown) in entries {
                self.remove(standings, *position, user);
                self.new.insert((standings, pseudonym), entry);
                let row = ChangeRow::without_score(standings, *position, Some(pseudonym), "erased");
                self.change(ChangeRow { is_shown, entry: Some(entry), ..row });
            }
            if entries.is_empty() {
                let standings = StandingsId { board: *board, season: 0 };
                self.change(ChangeRow::without_score(standings, *position, None, "erased"));
            }
        }
    }

    /// Somebody has nothing on standings any more.
    fn remove(&mut self, standings: StandingsId, position: BoardPosition, user: &'a UserId) {
        self.new.remove(&(standings, user));
        self.known.remove(&(standings, user));
        self.removed.insert((standings, user));
        self.change(ChangeRow::without_score(standings, position, Some(user), rows::REMOVED));
    }

    fn change(&mut self, mut row: ChangeRow<'a>) {
        let last = self.changes.last().filter(|last| {
            (last.standings.board, last.position) == (row.standings.board, row.position)
        });
        row.part = last.map_or(0, |last| last.part + 1);
        self.heads.insert(row.standings.board, row.position);
        self.changes.push(row);
    }
}

impl<'a> ChangeRow<'a> {
    fn without_score(
        standings: StandingsId,
        position: BoardPosition,
        user: Option<&'a UserId>,
        what: &'static str,
    ) -> Self {
        let (entry, event) = (None, None);
        Self { standings, position, part: 0, user, what, is_shown: false, entry, event }
    }
}
