mod ending;
mod erasing;
mod scoring;
pub(crate) mod seasons;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

use model::{BoardId, Timestamp, UserId};

use self::scoring::changed;
use crate::core::board::{Board, BoardNumber, BoardPosition, Rules, StandingsId};
use crate::core::entry::Entry;
use crate::core::event::{ScoreChange, ScoreEvent};
use crate::core::limits::{AHEAD_MS_MAX, BANNED_MAX, BOARDS_MAX, CHANGES_MAX, PLAYERS_MAX};
use crate::core::mutation::{Applied, Effect, KeyTime, Mutation, Outcome, WriteRequest};
use crate::core::record::{BanRecord, EventRecord, KeyOf, Record, Remembered};
use crate::core::refusal::Refusal;
use crate::core::request_digest::digest;
use crate::core::season::{Season, SeasonState};

/// What a log has before a batch of writes: all that deciding them asks for.
pub(crate) trait Stored {
    /// The board of this name.
    fn board(&self, id: &BoardId) -> Option<Board>;
    /// How many boards there are.
    fn boards_count(&self) -> usize;
    /// The highest number that a board ever had.
    fn last_number(&self) -> BoardNumber;
    /// How many changes a board has seen.
    fn head(&self, board: BoardNumber) -> BoardPosition;
    /// What a player has, banned or not.
    fn entry(&self, id: StandingsId, user: &UserId) -> Option<Entry>;
    /// How many have something, banned or not.
    fn players_count(&self, id: StandingsId) -> u64;
    /// Whether a player is banned from a board.
    fn is_banned(&self, board: BoardNumber, user: &UserId) -> bool;
    /// How many are banned from a board.
    fn banned_count(&self, board: BoardNumber) -> usize;
    /// Those who are banned from the board, of all who have something on its standings.
    fn banned_on(&self, id: StandingsId) -> Vec<UserId>;
    /// Whether the season is sealed.
    fn is_sealed(&self, id: StandingsId) -> bool;
    /// All that somebody has, on all boards and in all seasons.
    fn entries_of(&self, user: &UserId) -> Vec<(StandingsId, Entry)>;
    /// The boards that somebody is banned from.
    fn bans_of(&self, user: &UserId) -> Vec<BoardNumber>;
    /// What is remembered by the event's key. Whose scores they were may be taken from this event: if it is another one,
    /// its digest says so.
    fn remembered(&self, event: &ScoreEvent) -> Option<Remembered>;
    /// How many more events can be remembered.
    fn room_for_events(&self) -> usize;
}

/// Boards as they stand while writes are decided one after the other: pure, so that every adapter decides alike.
pub(crate) struct TransactionState<'a> {
    stored: &'a dyn Stored,
    boards: HashMap<BoardId, Option<Board>>,
    /// How many boards there are more than stored.
    boards_more: isize,
    last_number: BoardNumber,
    heads: HashMap<BoardNumber, BoardPosition>,
    /// What players have; `None`: no more, since they are unknown.
    entries: HashMap<(StandingsId, UserId), Option<Entry>>,
    /// How many have something more than stored.
    players_more: HashMap<StandingsId, u64>,
    bans: HashMap<(BoardNumber, UserId), bool>,
    keys: HashMap<KeyOf, Remembered>,
    /// Boards and seasons that are gone, and seasons that were sealed.
    deleted: HashSet<BoardNumber>,
    dropped: HashSet<StandingsId>,
    sealed: HashSet<StandingsId>,
    records: Vec<Record>,
}

impl<'a> TransactionState<'a> {
    /// Before the first write.
    pub(crate) fn new(stored: &'a dyn Stored) -> Self {
        Self {
            stored,
            boards: HashMap::new(),
            boards_more: 0,
            last_number: stored.last_number(),
            heads: HashMap::new(),
            entries: HashMap::new(),
            players_more: HashMap::new(),
            bans: HashMap::new(),
            keys: HashMap::new(),
            deleted: HashSet::new(),
            dropped: HashSet::new(),
            sealed: HashSet::new(),
            records: Vec::new(),
        }
    }

    /// Decides one write; what it changes is seen by the next.
    pub(crate) fn apply(&mut self, write: WriteRequest) -> Result<Outcome, Refusal> {
        let at = write.at;
        match write.mutation {
            Mutation::PutBoard { id, rules } => self.put_board(id, rules, at),
            Mutation::DeleteBoard { id } => {
                let board = self.board(&id).ok_or(Refusal::NoSuchBoard)?;
                self.boards.insert(id, None);
                self.boards_more -= 1;
                let number = board.number;
                self.deleted.insert(number);
                self.records.push(Record::Deleted(board));
                Ok(Outcome::Deleted(number))
            }
            Mutation::Post(event) => self.post(event, at, write.keys),
            Mutation::Ban { board, user, is_banned } => self.ban(&board, user, is_banned, at),
            Mutation::EndSeasons { board } => {
                let before = self.board(&board).ok_or(Refusal::NoSuchBoard)?;
                let is_same = self.brought_to(before.clone(), at) == before;
                let effect = if is_same { Effect::Unchanged } else { Effect::Changed };
                Ok(Outcome::Seasons(effect, before.number, self.head(before.number)))
            }
            Mutation::Erase { user, pseudonym } => Ok(self.erase(user, pseudonym)),
        }
    }

    /// What the log has to say of all that was decided, in its order.
    pub(crate) fn into_records(self) -> Vec<Record> {
        self.records
    }

    fn put_board(&mut self, id: BoardId, rules: Rules, at: Timestamp) -> Result<Outcome, Refusal> {
        if rules.range.min > rules.range.max {
            return Err(Refusal::EmptyRange);
        }
        let known = self.board(&id).map(|board| self.brought_to(board, at));
        let (effect, board) = match known {
            Some(board) if board.rules == rules => {
                return Ok(Outcome::Board(Effect::Unchanged, board));
            }
            Some(board) => {
                if (board.rules.wins, board.rules.operator) != (rules.wins, rules.operator) {
                    return Err(Refusal::RulesFixed);
                }
                let changed = seasons::with_rules(board.clone(), rules, at)?;
                if (&changed.season, &changed.past) != (&board.season, &board.past) {
                    self.set_seasons(&board, changed.clone(), None);
                    return Ok(Outcome::Board(Effect::Changed, changed));
                }
                (Effect::Changed, changed)
            }
            None => {
                seasons::check(&rules)?;
                let season = Season::first(at, seasons::first_end(&rules, at)?);
                if self.stored.boards_count().saturating_add_signed(self.boards_more) >= BOARDS_MAX
                {
                    return Err(Refusal::TooManyBoards);
                }
                self.last_number.0 += 1;
                self.boards_more += 1;
                let number = self.last_number;
                let past = [].into();
                let id = id.clone();
                (Effect::Created, Board { id, number, rules, created: at, season, past })
            }
        };
        self.boards.insert(id, Some(board.clone()));
        self.records.push(Record::Board(board.clone()));
        Ok(Outcome::Board(effect, board))
    }

    fn post(
        &mut self,
        event: ScoreEvent,
        at: Timestamp,
        keys: KeyTime,
    ) -> Result<Outcome, Refusal> {
        if !(1..=CHANGES_MAX).contains(&event.changes.len()) {
            return Err(Refusal::Changes);
        }
        let (key, digest) = ((event.producer.clone(), event.key.clone()), digest(&event));
        if let Some(known) = self.remembered(&key, &event)
            && known.at >= keys.since
        {
            let is_same = known.digest == digest;
            return if is_same { known.result.map(Outcome::Posted) } else { Err(Refusal::KeyUsed) };
        }
        // These say nothing of the boards, and whoever sends the event again later is told the same or counted once.
        match event.happened {
            Some(happened) if happened < keys.since => return Err(Refusal::TooOld),
            Some(happened) if happened - at > AHEAD_MS_MAX => return Err(Refusal::Ahead),
            Some(_) | None => {}
        }
        if self.keys.len() >= self.stored.room_for_events() {
            return Err(Refusal::TooManyEvents);
        }
        let result = self.decide(&event, at);
        if let Ok(applied) = &result {
            for it in applied {
                self.heads.insert(it.standings.board, it.position);
                self.entries.insert((it.standings, it.user.clone()), Some(it.entry));
                if it.effect == Effect::Created {
                    *self.players_more.entry(it.standings).or_default() += 1;
                }
            }
        }
        // Refusals are remembered too: the same event may not count later, once its producer was told that it doesn't.
        let at = keys.now;
        self.keys.insert(key, Remembered { digest, at, result: result.clone() });
        self.records.push(Record::Event(EventRecord { event, at, digest, result: result.clone() }));
        result.map(Outcome::Posted)
    }

    /// What becomes of each change of an event; nothing is changed yet, since a later one may be refused.
    fn decide(&mut self, event: &ScoreEvent, at: Timestamp) -> Result<Vec<Applied>, Refusal> {
        let mut all: Vec<Applied> = Vec::with_capacity(event.changes.len());
        for ScoreChange { board, user, amount } in &event.changes {
            let board = self.board(board).ok_or(Refusal::NoSuchBoard)?;
            // An end is an end, whatever becomes of the event.
            let board = self.brought_to(board, at);
            let season = seasons::season_of(&board, event.happened, at)?;
            let standings = board.standings(season.number);
            let earlier = |it: &&Applied| it.standings.board == board.number;
            let head = all.iter().rfind(earlier).map(|it| it.position);
            let position = BoardPosition(head.unwrap_or_else(|| self.head(board.number)).0 + 1);
            let own = all.iter().rfind(|it| it.standings == standings && it.user == *user);
            let before = own.map(|it| it.entry).or_else(|| self.entry(standings, user));
            let is_new = |it: &&Applied| it.standings == standings && it.effect == Effect::Created;
            let new = all.iter().filter(is_new).count() as u64;
            if before.is_none() && self.players_count(standings) + new >= PLAYERS_MAX {
                return Err(Refusal::TooManyPlayers);
            }
            let (entry, effect) = changed(&board.rules, before, *amount, position)?;
            all.push(Applied { standings, position, user: user.clone(), entry, effect });
        }
        Ok(all)
    }

    fn ban(
        &mut self,
        id: &BoardId,
        user: UserId,
        is_banned: bool,
        at: Timestamp,
    ) -> Result<Outcome, Refusal> {
        let board = self.board(id).ok_or(Refusal::NoSuchBoard)?;
        let board = self.brought_to(board, at);
        if self.is_banned(board.number, &user) == is_banned {
            let head = self.head(board.number);
            return Ok(Outcome::Ban(Effect::Unchanged, board.number, head));
        }
        let new = self.bans.iter().filter(|((of, _), banned)| *of == board.number && **banned);
        if is_banned && self.stored.banned_count(board.number) + new.count() >= BANNED_MAX {
            return Err(Refusal::TooManyBanned);
        }
        let position = self.next_position(board.number);
        self.bans.insert((board.number, user.clone()), is_banned);
        // Those of sealed seasons stay where they were.
        let open = board.seasons().filter(|season| season.state() != SeasonState::Sealed);
        let entries = open.filter_map(|season| {
            let standings = board.standings(season.number);
            Some((standings, self.entry(standings, &user)?))
        });
        let entries = entries.collect();
        let ban = BanRecord { board: board.number, position, user, is_banned, entries };
        self.records.push(Record::Ban(ban));
        Ok(Outcome::Ban(Effect::Changed, board.number, position))
    }

    fn is_banned(&self, board: BoardNumber, user: &UserId) -> bool {
        let changed = self.bans.get(&(board, user.clone())).copied();
        changed.unwrap_or_else(|| self.stored.is_banned(board, user))
    }

    /// Takes the next position of a board.
    fn next_position(&mut self, board: BoardNumber) -> BoardPosition {
        let position = BoardPosition(self.head(board).0 + 1);
        self.heads.insert(board, position);
        position
    }

    fn board(&self, id: &BoardId) -> Option<Board> {
        self.boards.get(id).cloned().unwrap_or_else(|| self.stored.board(id))
    }

    fn head(&self, board: BoardNumber) -> BoardPosition {
        self.heads.get(&board).copied().unwrap_or_else(|| self.stored.head(board))
    }

    fn entry(&self, id: StandingsId, user: &UserId) -> Option<Entry> {
        let changed = self.entries.get(&(id, user.clone())).copied();
        changed.unwrap_or_else(|| self.stored.entry(id, user))
    }

    fn players_count(&self, id: StandingsId) -> u64 {
        self.stored.players_count(id) + self.players_more.get(&id).copied().unwrap_or_default()
    }

    fn remembered(&self, key: &KeyOf, event: &ScoreEvent) -> Option<Remembered> {
        self.keys.get(key).cloned().or_else(|| self.stored.remembered(event))
    }
}
