//! What files are made of: a header, and frames, each whole or not there.
//!
//! ```text
//! header  magic (8 bytes), version u32, number u64, CRC-32 of these
//! frame   length of the payload u32, CRC-32 of the length and the payload, payload
//! payload number u64, and what the file is of
//! ```
//! All numbers little-endian. The number of a log's frame is that of its first record; the number of a snapshot's frame
//! counts its frames.

use std::ops::Range;

use crate::Error;

/// The bytes of a header.
pub const HEADER_BYTES: usize = 24;
/// The bytes before a payload.
pub(crate) const HEAD_BYTES: usize = 8;
/// The bytes of the number that a payload begins with.
const NUMBER_BYTES: usize = 8;
/// The largest payload, bytes: more than the largest batch comes to.
pub const PAYLOAD_BYTES_MAX: usize = 512 << 20;

/// What a kind of file begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileFormat {
    /// Tells it from other files.
    pub magic: [u8; 8],
    /// The version of what it is made of: a file of an older one is read, one of a newer one isn't.
    pub version: u32,
}

/// The header of a file of this number.
pub fn header(format: FileFormat, number: u64) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    header[..8].copy_from_slice(&format.magic);
    header[8..12].copy_from_slice(&format.version.to_le_bytes());
    header[12..20].copy_from_slice(&number.to_le_bytes());
    let crc = crc32fast::hash(&header[..20]);
    header[20..].copy_from_slice(&crc.to_le_bytes());
    header
}

/// A frame in the making: its payload is written behind `out`, and then [`close`](Self::close)d.
#[derive(Debug)]
#[must_use]
pub struct OpenFrame {
    start: usize,
}

impl OpenFrame {
    /// Begins a frame behind what is there.
    pub fn begin(out: &mut Vec<u8>, number: u64) -> Self {
        let start = out.len();
        out.extend_from_slice(&[0; HEAD_BYTES]);
        out.extend_from_slice(&number.to_le_bytes());
        Self { start }
    }

    /// Ends it. Errs if it is larger than can be.
    pub fn close(self, out: &mut [u8]) -> Result<(), Error> {
        let payload = out.len() - self.start - HEAD_BYTES;
        if payload > PAYLOAD_BYTES_MAX {
            return Err(Error::TooLarge(payload));
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

/// Where in these bytes the first whole frame of a number from `numbers` begins: what is before it was written whole, and
/// is damaged.
pub(crate) fn frame_in(bytes: &[u8], numbers: &Range<u64>) -> Option<usize> {
    (0..bytes.len()).find(|&start| {
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

pub(crate) fn length(head: [u8; HEAD_BYTES]) -> u32 {
    u32::from_le_bytes([head[0], head[1], head[2], head[3]])
}

/// Whether a payload can have this length where so many bytes are left.
pub(crate) fn is_length(payload: u64, left: u64) -> bool {
    let fits = (payload + HEAD_BYTES as u64) <= left;
    fits && (NUMBER_BYTES as u64..=PAYLOAD_BYTES_MAX as u64).contains(&payload)
}

/// The number and what is behind it, if the sum is right.
pub(crate) fn parts(head: [u8; HEAD_BYTES], payload: &[u8]) -> Option<(u64, &[u8])> {
    let (number, content) = payload.split_first_chunk()?;
    let is_right = crc(&head[..4], payload).to_le_bytes() == head[4..];
    is_right.then(|| (u64::from_le_bytes(*number), content))
}
