//! What records and snapshots are made of.

use model::UserId;

use super::numbers::{Numbered, put_refusal, refusal};
use crate::core::board::{BoardNumber, BoardPosition, StandingsId};
use crate::core::entry::Entry;
use crate::core::mutation::{Applied, Effect};
use crate::core::refusal::Refusal;
use segment_log::{Bytes, Malformed, put_i64, put_u64};

/// What stands in the place of a refusal if there is none.
const DONE: u8 = 0;

/// Writes that something was done, or why not.
pub(super) fn put_whether(out: &mut Vec<u8>, refused: Option<Refusal>) {
    match refused {
        None => out.push(DONE),
        Some(refusal) => put_refusal(out, refusal),
    }
}

/// Reads whether something was refused.
pub(super) fn read_whether(bytes: &mut Bytes<'_>) -> Result<Option<Refusal>, Malformed> {
    match bytes.u8()? {
        DONE => Ok(None),
        number => Ok(Some(refusal(number, bytes)?)),
    }
}

/// Writes what became of an event, without whose scores they are.
pub(in crate::log) fn put_result(out: &mut Vec<u8>, result: &Result<Vec<Applied>, Refusal>) {
    put_whether(out, result.as_ref().err().copied());
    if let Ok(all) = result {
        put_u64(out, all.len() as u64);
        for applied in all {
            put_applied(out, applied);
        }
    }
}

/// Reads what became of an event of these users' scores, as many as there are.
pub(in crate::log) fn read_result<'a>(
    bytes: &mut Bytes<'_>,
    users: impl Iterator<Item = &'a UserId>,
) -> Result<Result<Vec<Applied>, Refusal>, Malformed> {
    if let Some(refusal) = read_whether(bytes)? {
        return Ok(Err(refusal));
    }
    let count = bytes.u64()?;
    let applied = (0..count).zip(users).map(|(_, user)| read_applied(bytes, user.clone()));
    applied.collect::<Result<_, _>>().map(Ok)
}

/// Errs if it isn't what became of an event and nothing else.
pub(in crate::log) fn check_result(mut bytes: Bytes<'_>) -> Result<(), Malformed> {
    if read_whether(&mut bytes)?.is_none() {
        for _ in 0..bytes.u64()? {
            read_change(&mut bytes)?;
        }
    }
    if bytes.is_empty() { Ok(()) } else { Err(Malformed) }
}

/// Writes what a change came to, without whose score it is.
pub(super) fn put_applied(out: &mut Vec<u8>, applied: &Applied) {
    put_standings(out, applied.standings);
    put_u64(out, applied.position.0);
    put_entry(out, applied.entry);
    out.push(applied.effect.number());
}

/// Reads what a change of this user's score came to.
pub(super) fn read_applied(bytes: &mut Bytes<'_>, user: UserId) -> Result<Applied, Malformed> {
    let (standings, position, entry, effect) = read_change(bytes)?;
    Ok(Applied { standings, position, user, entry, effect })
}

fn read_change(
    bytes: &mut Bytes<'_>,
) -> Result<(StandingsId, BoardPosition, Entry, Effect), Malformed> {
    let (standings, position) = (read_standings(bytes)?, BoardPosition(bytes.u64()?));
    Ok((standings, position, read_entry(bytes)?, word(bytes)?))
}

/// Writes which standings.
pub(in crate::log) fn put_standings(out: &mut Vec<u8>, standings: StandingsId) {
    put_u64(out, standings.board.0);
    put_u64(out, standings.season.into());
}

/// Reads which standings.
pub(in crate::log) fn read_standings(bytes: &mut Bytes<'_>) -> Result<StandingsId, Malformed> {
    let board = BoardNumber(bytes.u64()?);
    let season = u32::try_from(bytes.u64()?).map_err(|_| Malformed)?;
    Ok(StandingsId { board, season })
}

/// Writes what a player has.
pub(in crate::log) fn put_entry(out: &mut Vec<u8>, entry: Entry) {
    put_i64(out, entry.score);
    put_u64(out, entry.reached.0);
}

/// Reads what a player has.
pub(in crate::log) fn read_entry(bytes: &mut Bytes<'_>) -> Result<Entry, Malformed> {
    Ok(Entry { score: bytes.i64()?, reached: BoardPosition(bytes.u64()?) })
}

/// Reads a user's id.
pub(in crate::log) fn user(bytes: &mut Bytes<'_>) -> Result<UserId, Malformed> {
    UserId::parse(bytes.text()?).map_err(|_| Malformed)
}

/// Reads yes or no.
pub(super) fn flag(bytes: &mut Bytes<'_>) -> Result<bool, Malformed> {
    match bytes.u8()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Malformed),
    }
}

/// Reads one of a few words.
pub(super) fn word<T: Numbered>(bytes: &mut Bytes<'_>) -> Result<T, Malformed> {
    T::from_number(bytes.u8()?).ok_or(Malformed)
}
