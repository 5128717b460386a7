use std::path::Path;

use segment_log::{Error, FrameReader, Next};
use sql::StoreError;

use super::tag;
use crate::core::board::{BoardNumber, BoardPosition};
use crate::core::memory::Memory;
use crate::log::codec::{Bytes, Decoder, Malformed, read_entry, read_standings, user};
use crate::log::embedded::error::store_error;
use crate::log::embedded::remembered::RememberedEvents;
use crate::log::embedded::segments::SNAPSHOT_FORMAT;

/// Reads what the snapshot of all up to the record `number` says of boards into what is empty; says up to which record the
/// log must go on for this to become a state that ever was.
pub(in crate::log::embedded) fn load(
    path: &Path,
    number: u64,
    memory: &mut Memory,
) -> Result<u64, StoreError> {
    read(path, number, |tag, content| boards(tag, content, memory))
}

/// Reads the events whose keys are remembered.
pub(in crate::log::embedded) fn load_remembered(
    path: &Path,
    number: u64,
    remembered: &mut RememberedEvents,
) -> Result<(), StoreError> {
    let events = |tag, content: Bytes<'_>| match tag {
        tag::EVENTS => remembered.restore(content.0),
        _ => Ok(()),
    };
    read(path, number, events).map(|_| ())
}

/// Hands over each chunk but the end by its tag, and answers what the end says.
fn read(
    path: &Path,
    number: u64,
    mut take: impl FnMut(u8, Bytes<'_>) -> Result<(), Malformed>,
) -> Result<u64, StoreError> {
    let damaged = |at| store_error(Error::damaged(path, at));
    let reader = FrameReader::open(path, SNAPSHOT_FORMAT, number).map_err(store_error)?;
    let mut reader = reader.ok_or_else(|| damaged(0))?;
    let mut chunk = |content: &[u8]| -> Result<Option<u64>, Malformed> {
        let mut bytes = Bytes(content);
        match bytes.u8()? {
            tag::END => {
                let last = bytes.u64()?;
                if bytes.is_empty() { Ok(Some(last)) } else { Err(Malformed) }
            }
            tag => take(tag, bytes).map(|()| None),
        }
    };
    let mut end = None;
    for frame in 0.. {
        let at = reader.at();
        let next =
            reader.next_frame().map_err(|error| store_error(Error::unreadable(path, error)))?;
        match (next, end) {
            (Next::Frame { number, content }, None) if number == frame => {
                end = chunk(content).map_err(|_| damaged(at))?;
            }
            (Next::End, Some(end)) => return Ok(end),
            _ => break,
        }
    }
    Err(damaged(reader.at()))
}

fn boards(tag: u8, mut bytes: Bytes<'_>, memory: &mut Memory) -> Result<(), Malformed> {
    match tag {
        tag::BOARDS | tag::BOARDS_PLAIN => {
            let mut decoder = Decoder::new(bytes);
            memory.restore_last_number(BoardNumber(decoder.number()?));
            while !decoder.is_empty() {
                let is_plain = tag == tag::BOARDS_PLAIN;
                let board = if is_plain { decoder.plain_board()? } else { decoder.board()? };
                memory.restore_board(board, BoardPosition(decoder.number()?));
            }
        }
        tag::BANNED => {
            let board = BoardNumber(bytes.u64()?);
            while !bytes.is_empty() {
                memory.restore_ban(board, user(&mut bytes)?);
            }
        }
        tag::MEMBERS | tag::SEALED => {
            let standings = read_standings(&mut bytes)?;
            while !bytes.is_empty() {
                let user = user(&mut bytes)?;
                let entry = read_entry(&mut bytes)?;
                memory.restore_entry(standings, &user, entry, tag == tag::SEALED);
            }
        }
        // The other reader's.
        tag::EVENTS => {}
        _ => return Err(Malformed),
    }
    Ok(())
}
