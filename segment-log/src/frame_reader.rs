use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

use crate::Error;
use crate::PAYLOAD_BYTES_MAX;
use crate::frame::{FileFormat, HEAD_BYTES, HEADER_BYTES, frame_in, is_length, length, parts};

/// What comes next in a file.
#[derive(Debug, PartialEq, Eq)]
pub enum Next<'a> {
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
pub struct FrameReader {
    file: BufReader<File>,
    is_older: bool,
    left: u64,
    at: u64,
    payload: Vec<u8>,
}

impl FrameReader {
    /// Opens a file of this number and checks its header; `None` if it isn't whole, and the file is no longer than a header, as one is
    /// that was just being made.
    pub fn open(path: &Path, format: FileFormat, number: u64) -> Result<Option<Self>, Error> {
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
        let (file, bytes, found) = open(path).map_err(|error| Error::unreadable(path, error))?;
        let is_header = |it: &[u8; HEADER_BYTES]| {
            it[..8] == format.magic && it[20..] == crc32fast::hash(&it[..20]).to_le_bytes()
        };
        let Some(found) = found.filter(is_header) else {
            let is_new = bytes <= HEADER_BYTES as u64;
            return if is_new { Ok(None) } else { Err(Error::damaged(path, 0)) };
        };
        let version = u32::from_le_bytes([found[8], found[9], found[10], found[11]]);
        if version > format.version {
            return Err(Error::NewerVersion { found: version, known: format.version });
        }
        if found[12..20] != number.to_le_bytes() {
            return Err(Error::damaged(path, 0));
        }
        let at = HEADER_BYTES as u64;
        let is_older = version < format.version;
        Ok(Some(Self { file, is_older, left: bytes - at, at, payload: Vec::new() }))
    }

    /// Opens a file to read from the byte `at`, where a frame begins, up to the byte `end`, whatever its header says.
    pub fn between(path: &Path, at: u64, end: u64) -> Result<Self, Error> {
        let open = || {
            let mut file = File::open(path)?;
            let end = file.metadata()?.len().min(end);
            file.seek(SeekFrom::Start(at))?;
            Ok((BufReader::with_capacity(1 << 16, file), end))
        };
        let (file, end) = open().map_err(|error| Error::unreadable(path, error))?;
        let left = end.saturating_sub(at);
        Ok(Self { file, is_older: false, left, at, payload: Vec::new() })
    }

    /// Whether the file is of an older format.
    pub fn is_older(&self) -> bool {
        self.is_older
    }

    /// Where the next frame begins, bytes from the start of the file.
    pub fn at(&self) -> u64 {
        self.at
    }

    /// Reads on. Behind what isn't whole nothing is read.
    pub fn next_frame(&mut self) -> io::Result<Next<'_>> {
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

/// Where between the bytes `at` and `end` of a file the first whole frame of a number from `numbers` begins, bytes from the
/// start of the file. `None` if there is none; an error if there are more bytes between them than a frame can have.
pub fn whole_frame_behind(
    path: &Path,
    at: u64,
    end: u64,
    numbers: &Range<u64>,
) -> Result<Option<u64>, Error> {
    let read = || {
        let mut file = File::open(path)?;
        let end = file.metadata()?.len().min(end);
        let bytes = end.saturating_sub(at);
        if bytes > PAYLOAD_BYTES_MAX as u64 {
            return Ok(None);
        }
        file.seek(SeekFrom::Start(at))?;
        let mut rest = Vec::with_capacity(bytes as usize);
        file.take(bytes).read_to_end(&mut rest)?;
        Ok(Some(rest))
    };
    let rest = read().map_err(|error| Error::unreadable(path, error))?;
    let rest = rest.ok_or_else(|| Error::damaged(path, at))?;
    Ok(frame_in(&rest, numbers).map(|within| at + within as u64))
}
