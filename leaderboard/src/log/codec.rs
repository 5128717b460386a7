//! Records as bytes: a form of our own, which all logs share, and of which [`FORMAT`] is the version.
//!
//! Ids are never empty, so an empty text stands for the one that came last: the producers and boards of a batch are
//! mostly the same.

mod boards;
mod numbers;
mod parts;
#[cfg(test)]
mod tests;

use model::{BoardId, CanonicalDigest, Timestamp, UserId};

pub(super) use parts::{
    check_result, put_entry, put_result, put_standings, read_entry, read_result, read_standings,
    user,
};
use parts::{flag, put_applied, put_whether, read_applied, read_whether};
use segment_log::put_i64;
pub(super) use segment_log::{Bytes, Malformed, put_text, put_u64};

use crate::core::board::{BoardNumber, BoardPosition};
use crate::core::event::{Amount, EventKey, ScoreChange, ScoreEvent};
use crate::core::record::{BanRecord, ErasedFrom, ErasedRecord, EventRecord, Record};

/// The version of everything that a log keeps as bytes; a program reads no newer one. Since 2 boards have seasons, and people can
/// be erased.
pub(super) const FORMAT: u32 = 2;

/// What a record begins with.
mod tag {
    /// These two of a board without seasons: of format 1.
    pub(super) const PLAIN_BOARD: u8 = 1;
    pub(super) const PLAIN_DELETED: u8 = 2;
    pub(super) const EVENT: u8 = 3;
    pub(super) const BAN: u8 = 4;
    pub(super) const BOARD: u8 = 5;
    pub(super) const DELETED: u8 = 6;
    pub(super) const SEASON: u8 = 7;
    pub(super) const ERASED: u8 = 8;
}

const DELTA: u8 = 1;
const SCORE: u8 = 2;
/// The fewest bytes of a change of a score.
const CHANGE_BYTES_MIN: usize = 5;

/// Writes records behind each other.
pub(super) struct Encoder<'a, 'b> {
    out: &'b mut Vec<u8>,
    producer: Option<&'a UserId>,
    board: Option<&'a BoardId>,
}

impl<'a, 'b> Encoder<'a, 'b> {
    /// Writes behind what is there.
    pub(super) fn new(out: &'b mut Vec<u8>) -> Self {
        Self { out, producer: None, board: None }
    }

    /// Writes a record.
    pub(super) fn record(&mut self, record: &'a Record) {
        match record {
            Record::Board(board) => {
                self.out.push(tag::BOARD);
                self.board(board);
            }
            Record::Deleted(board) => {
                self.out.push(tag::DELETED);
                self.board(board);
            }
            Record::Event(event) => {
                self.out.push(tag::EVENT);
                self.event(event);
            }
            Record::Ban(ban) => {
                self.out.push(tag::BAN);
                self.ban(ban);
            }
            Record::Season(season) => {
                self.out.push(tag::SEASON);
                self.season(season);
            }
            Record::Erased(erased) => {
                self.out.push(tag::ERASED);
                self.erased(erased);
            }
        }
    }

    fn event(&mut self, EventRecord { event, at, digest, result }: &'a EventRecord) {
        let is_same = self.producer.replace(&event.producer) == Some(&event.producer);
        put_text(self.out, if is_same { "" } else { event.producer.as_str() });
        put_text(self.out, event.key.as_str());
        put_i64(self.out, at.0);
        self.out.push(u8::from(event.happened.is_some()));
        if let Some(happened) = event.happened {
            put_i64(self.out, at.0.wrapping_sub(happened.0));
        }
        self.out.extend_from_slice(&digest.to_bytes());
        put_whether(self.out, result.as_ref().err().copied());
        put_u64(self.out, event.changes.len() as u64);
        let mut applied = result.iter().flatten();
        for change in &event.changes {
            self.board_id(&change.board);
            put_text(self.out, change.user.as_str());
            let (what, amount) = match change.amount {
                Amount::Delta(delta) => (DELTA, delta),
                Amount::Score(score) => (SCORE, score),
            };
            self.out.push(what);
            put_i64(self.out, amount);
            if let Some(applied) = applied.next() {
                // Whose score it is was just written.
                debug_assert_eq!(applied.user, change.user);
                put_applied(self.out, applied);
            }
        }
    }

    /// Writes a number.
    pub(super) fn number(&mut self, number: u64) {
        put_u64(self.out, number);
    }

    fn ban(&mut self, ban: &BanRecord) {
        put_u64(self.out, ban.board.0);
        put_u64(self.out, ban.position.0);
        put_text(self.out, ban.user.as_str());
        self.out.push(u8::from(ban.is_banned));
        put_u64(self.out, ban.entries.len() as u64);
        for &(standings, entry) in &ban.entries {
            put_standings(self.out, standings);
            put_entry(self.out, entry);
        }
    }

    fn erased(&mut self, erased: &ErasedRecord) {
        put_text(self.out, erased.user.as_str());
        put_text(self.out, erased.pseudonym.as_str());
        put_u64(self.out, erased.boards.len() as u64);
        for ErasedFrom { board, position, is_banned, entries } in &erased.boards {
            put_u64(self.out, board.0);
            put_u64(self.out, position.0);
            self.out.push(u8::from(*is_banned));
            put_u64(self.out, entries.len() as u64);
            for (standings, entry, is_shown) in entries {
                put_standings(self.out, *standings);
                put_entry(self.out, *entry);
                self.out.push(u8::from(*is_shown));
            }
        }
    }

    fn board_id(&mut self, id: &'a BoardId) {
        let is_same = self.board.replace(id) == Some(id);
        put_text(self.out, if is_same { "" } else { id.as_str() });
    }
}

/// Reads what an [`Encoder`] wrote.
pub(super) struct Decoder<'a> {
    bytes: Bytes<'a>,
    producer: Option<UserId>,
    board: Option<BoardId>,
}

impl<'a> Decoder<'a> {
    /// Reads these bytes to their end.
    pub(super) fn new(bytes: Bytes<'a>) -> Self {
        Self { bytes, producer: None, board: None }
    }

    /// The next record, if there is one more.
    pub(super) fn record(&mut self) -> Result<Option<Record>, Malformed> {
        if self.bytes.is_empty() {
            return Ok(None);
        }
        let record = match self.bytes.u8()? {
            tag::PLAIN_BOARD => Record::Board(self.plain_board()?),
            tag::PLAIN_DELETED => Record::Deleted(self.plain_board()?),
            tag::BOARD => Record::Board(self.board()?),
            tag::DELETED => Record::Deleted(self.board()?),
            tag::SEASON => Record::Season(self.season()?),
            tag::ERASED => Record::Erased(self.erased()?),
            tag::EVENT => Record::Event(self.event()?),
            tag::BAN => Record::Ban(self.ban()?),
            _ => return Err(Malformed),
        };
        Ok(Some(record))
    }

    /// A number.
    pub(super) fn number(&mut self) -> Result<u64, Malformed> {
        self.bytes.u64()
    }

    /// Whether all is read.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    fn event(&mut self) -> Result<EventRecord, Malformed> {
        let producer = match self.bytes.text()? {
            "" => self.producer.clone().ok_or(Malformed)?,
            text => UserId::parse(text).map_err(|_| Malformed)?,
        };
        self.producer = Some(producer.clone());
        let key = EventKey::parse(self.bytes.text()?).map_err(|_| Malformed)?;
        let at = Timestamp(self.bytes.i64()?);
        let happened = if flag(&mut self.bytes)? {
            Some(Timestamp(at.0.wrapping_sub(self.bytes.i64()?)))
        } else {
            None
        };
        let digest = CanonicalDigest::from_bytes(self.bytes.array()?);
        let refused = read_whether(&mut self.bytes)?;
        let count = self.bytes.u64()?;
        let mut changes = self.bytes.room(count, CHANGE_BYTES_MIN);
        let mut applied = match refused {
            None => self.bytes.room(count, CHANGE_BYTES_MIN),
            Some(_) => Vec::new(),
        };
        for _ in 0..count {
            let board = self.board_id()?;
            let user = user(&mut self.bytes)?;
            let amount = match self.bytes.u8()? {
                DELTA => Amount::Delta(self.bytes.i64()?),
                SCORE => Amount::Score(self.bytes.i64()?),
                _ => return Err(Malformed),
            };
            if refused.is_none() {
                applied.push(read_applied(&mut self.bytes, user.clone())?);
            }
            changes.push(ScoreChange { board, user, amount });
        }
        let event = ScoreEvent { producer, key, happened, changes };
        Ok(EventRecord { event, at, digest, result: refused.map_or(Ok(applied), Err) })
    }

    fn ban(&mut self) -> Result<BanRecord, Malformed> {
        let bytes = &mut self.bytes;
        let board = BoardNumber(bytes.u64()?);
        let position = BoardPosition(bytes.u64()?);
        let user = user(bytes)?;
        let is_banned = flag(bytes)?;
        let mut entries = Vec::new();
        for _ in 0..bytes.u64()? {
            entries.push((read_standings(bytes)?, read_entry(bytes)?));
        }
        Ok(BanRecord { board, position, user, is_banned, entries })
    }

    fn erased(&mut self) -> Result<ErasedRecord, Malformed> {
        let bytes = &mut self.bytes;
        let (user, pseudonym) = (user(bytes)?, user(bytes)?);
        let mut boards = Vec::new();
        for _ in 0..bytes.u64()? {
            let board = BoardNumber(bytes.u64()?);
            let position = BoardPosition(bytes.u64()?);
            let is_banned = flag(bytes)?;
            let mut entries = Vec::new();
            for _ in 0..bytes.u64()? {
                entries.push((read_standings(bytes)?, read_entry(bytes)?, flag(bytes)?));
            }
            boards.push(ErasedFrom { board, position, is_banned, entries });
        }
        Ok(ErasedRecord { user, pseudonym, boards })
    }

    fn board_id(&mut self) -> Result<BoardId, Malformed> {
        let id = match self.bytes.text()? {
            "" => self.board.clone().ok_or(Malformed)?,
            text => BoardId::parse(text).map_err(|_| Malformed)?,
        };
        self.board = Some(id.clone());
        Ok(id)
    }
}
