use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};

use model::{Canonical, CanonicalDigest, Timestamp, UserId};

use crate::core::event::{EventKey, ScoreEvent};
use crate::core::record::{EventRecord, Remembered};
use crate::log::codec::{Bytes, Malformed, check_result, put_result, read_result};

/// How many bytes of events are allocated at once.
const CHUNK_BYTES: usize = 1 << 20;

/// The bytes before what is remembered of an event: how many it has, when it came, and by what it is found.
const LENGTH_BYTES: usize = 2;

/// What stands for a producer and their key: half of a SHA-256, so that no two that ever come are alike.
type Fingerprint = [u8; 16];

/// The last events by their keys, as bytes behind each other in the order in which they came.
#[derive(Debug)]
pub(super) struct RememberedEvents {
    count_max: usize,
    /// Where each event begins: the number of its chunk times [`CHUNK_BYTES`], and the bytes before it there.
    places: Places,
    /// Each with whole events only, and none without any.
    chunks: VecDeque<Vec<u8>>,
    /// The number of the oldest chunk; they count on from one that is forgotten.
    first_chunk: u64,
    /// Where the oldest event begins in the oldest chunk.
    oldest: usize,
    event: Vec<u8>,
}

/// Places by fingerprints, in a map for each first byte: a map moves all that it has when it grows, and no change waits
/// until millions are moved.
#[derive(Debug, Default)]
struct Places {
    maps: Vec<HashMap<Fingerprint, u64, BuildHasherDefault<OwnHash>>>,
    len: usize,
}

/// Fingerprints are hashes already; producers are services with tokens, and who finds SHA-256 values that begin alike only
/// slows themselves down.
#[derive(Debug, Default)]
struct OwnHash(u64);

impl Hasher for OwnHash {
    fn write(&mut self, bytes: &[u8]) {
        // The last bytes of what is hashed last: the fingerprint, behind its length.
        if let Some(last) = bytes.last_chunk() {
            self.0 = u64::from_le_bytes(*last);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// What is in front of an event's outcome.
struct Head<'a> {
    at: Timestamp,
    fingerprint: Fingerprint,
    digest: CanonicalDigest,
    result: Bytes<'a>,
    /// All of its bytes.
    length: usize,
}

impl RememberedEvents {
    /// None yet, and never more than this many that can still be found.
    pub(super) fn new(count_max: usize) -> Self {
        Self {
            count_max,
            places: Places::default(),
            chunks: VecDeque::new(),
            first_chunk: 0,
            oldest: 0,
            event: Vec::new(),
        }
    }

    /// How many more can be remembered.
    pub(super) fn room(&self) -> usize {
        self.count_max.saturating_sub(self.places.len)
    }

    /// What is remembered by the event's key, as if it were this event; if it isn't, their digests differ.
    pub(super) fn get(&self, event: &ScoreEvent) -> Option<Remembered> {
        let place = self.places.get(&fingerprint(&event.producer, &event.key))?;
        let Head { at, digest, mut result, .. } = head(self.bytes_at(place)).ok()?;
        let users = event.changes.iter().map(|change| &change.user);
        Some(Remembered { digest, at, result: read_result(&mut result, users).ok()? })
    }

    /// Remembers an event.
    pub(super) fn take(&mut self, record: &EventRecord) {
        let fingerprint = fingerprint(&record.event.producer, &record.event.key);
        let known = self.places.get(&fingerprint).map(|place| head(self.bytes_at(place)));
        if let Some(Ok(known)) = known
            && (known.at, known.digest) == (record.at, record.digest)
        {
            // It was in the snapshot.
            return;
        }
        let mut event = std::mem::take(&mut self.event);
        event.clear();
        event.extend_from_slice(&[0; LENGTH_BYTES]);
        event.extend_from_slice(&record.at.0.to_le_bytes());
        event.extend_from_slice(&fingerprint);
        event.extend_from_slice(&record.digest.to_bytes());
        put_result(&mut event, &record.result);
        let length = event.len() as u16;
        event[..LENGTH_BYTES].copy_from_slice(&length.to_le_bytes());
        self.put(fingerprint, &event);
        self.event = event;
    }

    /// Forgets the events that came before this moment, as far as they come first.
    pub(super) fn forget(&mut self, since: Timestamp) {
        while let Some(chunk) = self.chunks.front() {
            let Ok(Head { at, fingerprint, length, .. }) = head(&chunk[self.oldest..]) else {
                return;
            };
            if at >= since {
                return;
            }
            let place = self.first_chunk * CHUNK_BYTES as u64 + self.oldest as u64;
            // It may have come again since.
            if self.places.get(&fingerprint) == Some(place) {
                self.places.remove(&fingerprint);
            }
            self.oldest += length;
            if self.oldest == chunk.len() {
                self.chunks.pop_front();
                self.first_chunk += 1;
                self.oldest = 0;
            }
        }
    }

    /// The events of the first chunk from `number` on, and its number.
    pub(super) fn chunk(&self, number: u64) -> Option<(u64, &[u8])> {
        let number = number.max(self.first_chunk);
        let chunk = self.chunks.get((number - self.first_chunk) as usize)?;
        let from = if number == self.first_chunk { self.oldest } else { 0 };
        Some((number, &chunk[from..]))
    }

    /// Takes the events of a chunk of a snapshot.
    pub(super) fn restore(&mut self, mut events: &[u8]) -> Result<(), Malformed> {
        while !events.is_empty() {
            let Head { fingerprint, result, length, .. } = head(events)?;
            check_result(result)?;
            let (event, rest) = events.split_at(length);
            self.put(fingerprint, event);
            events = rest;
        }
        Ok(())
    }

    fn put(&mut self, fingerprint: Fingerprint, event: &[u8]) {
        let is_full = |chunk: &Vec<u8>| chunk.len() + event.len() > CHUNK_BYTES;
        if self.chunks.back().is_none_or(is_full) {
            self.chunks.push_back(Vec::with_capacity(CHUNK_BYTES));
        }
        let number = self.first_chunk + self.chunks.len() as u64 - 1;
        let Some(chunk) = self.chunks.back_mut() else { return };
        self.places.insert(fingerprint, number * CHUNK_BYTES as u64 + chunk.len() as u64);
        chunk.extend_from_slice(event);
    }

    fn bytes_at(&self, place: u64) -> &[u8] {
        let (number, at) = (place / CHUNK_BYTES as u64, place % CHUNK_BYTES as u64);
        &self.chunks[(number - self.first_chunk) as usize][at as usize..]
    }
}

impl Places {
    fn get(&self, fingerprint: &Fingerprint) -> Option<u64> {
        self.maps.get(usize::from(fingerprint[0]))?.get(fingerprint).copied()
    }

    fn insert(&mut self, fingerprint: Fingerprint, place: u64) {
        self.maps.resize_with(1 << u8::BITS, HashMap::default);
        let before = self.maps[usize::from(fingerprint[0])].insert(fingerprint, place);
        self.len += usize::from(before.is_none());
    }

    fn remove(&mut self, fingerprint: &Fingerprint) {
        let Some(map) = self.maps.get_mut(usize::from(fingerprint[0])) else { return };
        self.len -= usize::from(map.remove(fingerprint).is_some());
    }
}

fn fingerprint(producer: &UserId, key: &EventKey) -> Fingerprint {
    let mut form = Canonical::new("leaderboard.key");
    form.text(1, producer.as_str());
    form.text(2, key.as_str());
    let mut half = Fingerprint::default();
    half.copy_from_slice(&form.digest(1).to_bytes()[1..=size_of::<Fingerprint>()]);
    half
}

fn head(bytes: &[u8]) -> Result<Head<'_>, Malformed> {
    let mut read = Bytes(bytes);
    let length = usize::from(u16::from_le_bytes(read.array()?));
    let mut read = Bytes(bytes.get(LENGTH_BYTES..length).ok_or(Malformed)?);
    Ok(Head {
        at: Timestamp(i64::from_le_bytes(read.array()?)),
        fingerprint: read.array()?,
        digest: CanonicalDigest::from_bytes(read.array()?),
        result: read,
        length,
    })
}
