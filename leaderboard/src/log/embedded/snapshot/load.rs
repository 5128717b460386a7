use std::path::Path;

use sql::StoreError;

use super::{MAGIC, tag};
use crate::core::board::{BoardNumber, BoardPosition};
use crate::core::memory::Memory;
use crate::log::codec::{Bytes, Decoder, Malformed, read_entry, read_standings, user};
use crate::log::embedded::frame::{FrameReader, Next, damaged, unreadable};
use crate::log::embedded::remembered::RememberedEvents;

/// Reads the snapshot of all up to the record `number` into what is empty; says up to which record the log must go on for
/// this to become a state that ever was.
pub(in crate::log::embedded) fn load(
    path: &Path,
    number: u64,
    memory: &mut Memory,
    remembered: &mut RememberedEvents,
) -> Result<u64, StoreError> {
    let reader = FrameReader::open(path, MAGIC, number)?;
    let mut reader = reader.ok_or_else(|| damaged(path, 0))?;
    let mut end = None;
    for frame in 0.. {
        let at = reader.at();
        match (reader.next().map_err(|error| unreadable(path, error))?, end) {
            (Next::Frame { number, content }, None) if number == frame => {
                end = chunk(content, memory, remembered).map_err(|_| damaged(path, at))?;
            }
            (Next::End, Some(end)) => return Ok(end),
            _ => break,
        }
    }
    Err(damaged(path, reader.at()))
}

/// Takes a chunk; says what the last record is, if it is the end.
fn chunk(
    content: &[u8],
    memory: &mut Memory,
    remembered: &mut RememberedEvents,
) -> Result<Option<u64>, Malformed> {
    let mut bytes = Bytes(content);
    match bytes.u8()? {
        tag @ (tag::BOARDS | tag::BOARDS_PLAIN) => {
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
        tag @ (tag::MEMBERS | tag::SEALED) => {
            let standings = read_standings(&mut bytes)?;
            while !bytes.is_empty() {
                let user = user(&mut bytes)?;
                let entry = read_entry(&mut bytes)?;
                memory.restore_entry(standings, &user, entry, tag == tag::SEALED);
            }
        }
        tag::EVENTS => remembered.restore(bytes.0)?,
        tag::END => {
            let last = bytes.u64()?;
            return if bytes.is_empty() { Ok(Some(last)) } else { Err(Malformed) };
        }
        _ => return Err(Malformed),
    }
    Ok(None)
}
