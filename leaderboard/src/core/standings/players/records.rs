use super::Known;
use crate::core::board::BoardPosition;
use crate::core::entry::Entry;
use crate::core::limits::PLAYERS_MAX;
use crate::core::standings::key::Player;

/// Records begin at multiples of so many bytes, so that a number of 32 bits says where in 32 GiB one is.
const UNIT: usize = 8;
/// Units that are allocated at once: 1 MiB. No record goes beyond its end.
const CHUNK_UNITS: usize = 1 << 17;
/// Score, position, whether shown, length of the id.
const HEADER: usize = 18;
/// What stands in the place of the id of whoever was removed.
const REMOVED: u8 = 0;
/// The longest record in units, of a user's id of 128 bytes.
const RECORD_UNITS_MAX: usize = (HEADER + 128).div_ceil(UNIT);

// Each of as many players as may be has a number, though a hundredth of all were lost at the ends of chunks.
const _: () = assert!(PLAYERS_MAX * (RECORD_UNITS_MAX as u64) < (u32::MAX / 100 * 99) as u64);

/// Each player's record: what they have and, right behind it, their id, so that memory is waited for once.
#[derive(Debug)]
pub(super) struct Records {
    chunks: Vec<Vec<u8>>,
}

impl Records {
    pub(super) fn new() -> Self {
        Self { chunks: vec![Vec::new()] }
    }

    pub(super) fn add(&mut self, id: &[u8], known: Known) -> Player {
        let bytes = (HEADER + id.len()).next_multiple_of(UNIT);
        let mut last = self.chunks.len() - 1;
        if self.chunks[last].len() + bytes > CHUNK_UNITS * UNIT {
            self.chunks.push(Vec::with_capacity(CHUNK_UNITS * UNIT));
            last += 1;
        }
        let chunk = &mut self.chunks[last];
        let at = last * CHUNK_UNITS + chunk.len() / UNIT;
        let end = chunk.len() + bytes;
        chunk.extend_from_slice(&header(known));
        chunk.push(id.len() as u8);
        chunk.extend_from_slice(id);
        chunk.resize(end, 0);
        Player(u32::try_from(at).expect("there is room for as many as a board may have"))
    }

    pub(super) fn known(&self, player: Player) -> Known {
        let record = self.record(player);
        let (score, rest) = record.split_first_chunk().expect("a score");
        let (reached, rest) = rest.split_first_chunk().expect("a position");
        let entry = Entry {
            score: i64::from_le_bytes(*score),
            reached: BoardPosition(u64::from_le_bytes(*reached)),
        };
        Known { entry, is_shown: rest[0] != 0 }
    }

    pub(super) fn set(&mut self, player: Player, known: Known) {
        let (chunk, at) = place(player);
        self.chunks[chunk][at..at + HEADER - 1].copy_from_slice(&header(known));
    }

    /// Overwrites a player's id, so that it is no more in memory, with what no id has.
    pub(super) fn remove(&mut self, player: Player) {
        let len = self.id(player).len();
        let (chunk, at) = place(player);
        self.chunks[chunk][at + HEADER..at + HEADER + len].fill(REMOVED);
    }

    /// Whether a player was removed.
    pub(super) fn is_removed(&self, player: Player) -> bool {
        self.id(player).first() == Some(&REMOVED)
    }

    pub(super) fn id(&self, player: Player) -> &[u8] {
        let record = self.record(player);
        let len = usize::from(record[HEADER - 1]);
        &record[HEADER..HEADER + len]
    }

    /// The player whose record begins here, or would if the chunk didn't end before.
    pub(super) fn first_from(&self, number: Player) -> Option<Player> {
        let (chunk, at) = place(number);
        if at < self.chunks.get(chunk)?.len() {
            return Some(number);
        }
        self.chunks.get(chunk + 1).map(|_| Player(((chunk + 1) * CHUNK_UNITS) as u32))
    }

    /// Where the record behind a player's begins, if it is in the same chunk.
    pub(super) fn behind(&self, player: Player) -> Player {
        Player(player.0 + (HEADER + self.id(player).len()).div_ceil(UNIT) as u32)
    }

    /// The player's record, and whatever is behind it.
    fn record(&self, player: Player) -> &[u8] {
        let (chunk, at) = place(player);
        &self.chunks[chunk][at..]
    }
}

/// All of a record that changes.
fn header(known: Known) -> [u8; HEADER - 1] {
    let mut bytes = [u8::from(known.is_shown); HEADER - 1];
    bytes[..8].copy_from_slice(&known.entry.score.to_le_bytes());
    bytes[8..16].copy_from_slice(&known.entry.reached.0.to_le_bytes());
    bytes
}

/// The chunk where a player's record is, and the byte at which it begins there.
fn place(player: Player) -> (usize, usize) {
    let at = player.0 as usize;
    (at / CHUNK_UNITS, at % CHUNK_UNITS * UNIT)
}
