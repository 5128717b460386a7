//! What files are made of: a header, and frames, each whole or not there.
//!
//! ```text
//! header  magic (8 bytes), format u32, number u64, CRC-32 of these
//! frame   length of the payload u32, CRC-32 of the length and the payload, payload
//! payload number u64, and what the file is of
//! ```
//! All numbers little-endian. The number of a log's frame is that of its first record; the number of a snapshot's frame
//! counts its frames.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use sql::StoreError;

use crate::log::codec::FORMAT;

/// The bytes of a header.
pub(super) const HEADER_BYTES: usize = 24;
/// The bytes before a payload.
const HEAD_BYTES: usize = 8;
/// The bytes of the number that a payload begins with.
const NUMBER_BYTES: usize = 8;
/// The largest payload, bytes: more than the largest batch comes to.
pub(super) const PAYLOAD_BYTES_MAX: usize = 512 << 20;

/// What a file begins with.
pub(super) type Magic = [u8; 8];

/// The header of a file.
pub(super) fn header(magic: Magic, number: u64) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    header[..8].copy_from_slice(&magic);
    header[8..12].copy_from_slice(&FORMAT.to_le_bytes());
    header[12..20].copy_from_slice(&number.to_le_bytes());
    let crc = crc32fast::hash(&header[..20]);
    header[20..].copy_from_slice(&crc.to_le_bytes());
    header
}

/// A frame in the making: its payload is written behind `out`, and then [`close`](Self::close)d.
#[derive(Debug)]
#[must_use]
pub(super) struct OpenFrame {
    start: usize,
}

impl OpenFrame {
    /// Begins a frame behind what is there.
    pub(super) fn begin(out: &mut Vec<u8>, number: u64) -> Self {
        let start = out.len();
        out.extend_from_slice(&[0; HEAD_BYTES]);
        out.extend_from_slice(&number.to_le_bytes());
        Self { start }
    }

    /// Ends it. Errs if it is larger than can be.
    pub(super) fn close(self, out: &mut [u8]) -> Result<(), StoreError> {
        let payload = out.len() - self.start - HEAD_BYTES;
        if payload > PAYLOAD_BYTES_MAX {
            let what = format!("{payload} bytes are more than the log takes at once");
            return Err(StoreError::internal(what));
        }
        let frame = &mut out[self.start..];
        frame[..4].copy_from_slice(&(payload as u32).to_le_bytes());
        let crc = crc(&frame[..4], &frame[HEAD_BYTES..]);
        frame[4..HEAD_BYTES].copy_from_slice(&crc.to_le_bytes());
        Ok(())
    }
}

fn crc(length: &[u8], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(length);
    hasher.update(payload);
    hasher.finalize()
}

/// What comes next in a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next<'a> {
    /// A whole frame.
    Frame {
        /// Its number.
        number: u64,
        /// What is behind the number.
        content: &'a [u8],
    },
    /// Nothing: the file ends behind a frame.
    End,
    /// No whole frame.
    Broken,
}

/// Reads a file frame by frame.
#[derive(Debug)]
pub(super) struct FrameReader {
    file: BufReader<File>,
    is_older: bool,
    left: u64,
    at: u64,
    payload: Vec<u8>,
}

impl FrameReader {
    /// Opens a file and checks its header; `None` if it isn't whole, and the file is no longer than a header, as one is
    /// that was just being made.
    pub(super) fn open(path: &Path, magic: Magic, number: u64) -> Result<Option<Self>, StoreError> {
        let open = |path| {
            let file = File::open(path)?;
            let bytes = file.metadata()?.len();
            let mut file = BufReader::with_capacity(1 << 16, file);
            let mut found = [0; HEADER_BYTES];
            let is_whole = bytes >= HEADER_BYTES as u64;
            if is_whole {
                file.read_exact(&mut found)?;
            }
            Ok((file, bytes, is_whole.then_some(found)))
        };
        let (file, bytes, found) = open(path).map_err(|error| unreadable(path, error))?;
        let is_header = |it: &[u8; HEADER_BYTES]| {
            it[..8] == magic && it[20..] == crc32fast::hash(&it[..20]).to_le_bytes()
        };
        let Some(found) = found.filter(is_header) else {
            let is_new = bytes <= HEADER_BYTES as u64;
            return if is_new { Ok(None) } else { Err(damaged(path, 0)) };
        };
        let format = u32::from_le_bytes([found[8], found[9], found[10], found[11]]);
        if format > FORMAT {
            return Err(StoreError::newer_version(format.into(), FORMAT.into()));
        }
        if found[12..20] != number.to_le_bytes() {
            return Err(damaged(path, 0));
        }
        let at = HEADER_BYTES as u64;
        let is_older = format < FORMAT;
        Ok(Some(Self { file, is_older, left: bytes - at, at, payload: Vec::new() }))
    }

    /// Whether the file is of an older format.
    pub(super) fn is_older(&self) -> bool {
        self.is_older
    }

    /// Where the next frame begins, bytes from the start of the file.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// Reads on. Behind what isn't whole nothing is read.
    pub(super) fn next(&mut self) -> io::Result<Next<'_>> {
        if self.left == 0 {
            return Ok(Next::End);
        }
        let mut head = [0; HEAD_BYTES];
        if self.left < HEAD_BYTES as u64 {
            return Ok(Next::Broken);
        }
        self.file.read_exact(&mut head)?;
        let payload = u64::from(length(head));
        if !is_length(payload, self.left) {
            return Ok(Next::Broken);
        }
        self.payload.resize(payload as usize, 0);
        self.file.read_exact(&mut self.payload)?;
        let Some((number, content)) = parts(head, &self.payload) else {
            return Ok(Next::Broken);
        };
        self.at += HEAD_BYTES as u64 + payload;
        self.left -= HEAD_BYTES as u64 + payload;
        Ok(Next::Frame { number, content })
    }
}

/// Whether a whole frame of a number from `numbers` begins anywhere in these bytes: then what is before it was written
/// whole, and is damaged.
pub(super) fn has_frame(bytes: &[u8], numbers: std::ops::Range<u64>) -> bool {
    (0..bytes.len()).any(|start| {
        let Some((head, rest)) = bytes[start..].split_first_chunk::<HEAD_BYTES>() else {
            return false;
        };
        // Checked before the sum, which takes longer.
        let number = rest.first_chunk().map(|number| u64::from_le_bytes(*number));
        let payload = u64::from(length(*head));
        number.is_some_and(|number| numbers.contains(&number))
            && is_length(payload, bytes.len() as u64 - start as u64)
            && parts(*head, &rest[..payload as usize]).is_some()
    })
}

fn length(head: [u8; HEAD_BYTES]) -> u32 {
    u32::from_le_bytes([head[0], head[1], head[2], head[3]])
}

/// Whether a payload can have this length where so many bytes are left.
fn is_length(payload: u64, left: u64) -> bool {
    let fits = (payload + HEAD_BYTES as u64) <= left;
    fits && (NUMBER_BYTES as u64..=PAYLOAD_BYTES_MAX as u64).contains(&payload)
}

/// The number and what is behind it, if the sum is right.
fn parts(head: [u8; HEAD_BYTES], payload: &[u8]) -> Option<(u64, &[u8])> {
    let (number, content) = payload.split_first_chunk()?;
    let is_right = crc(&head[..4], payload).to_le_bytes() == head[4..];
    is_right.then(|| (u64::from_le_bytes(*number), content))
}

/// That a file can't be read.
pub(super) fn unreadable(path: &Path, error: io::Error) -> StoreError {
    StoreError::unusable(format!("{} can't be read", path.display())).caused_by(error)
}

/// That a file isn't what was written.
pub(super) fn damaged(path: &Path, at: u64) -> StoreError {
    let path = path.display();
    StoreError::unusable(format!(
        "{path} is damaged at byte {at}: restore the data folder from a backup"
    ))
}
