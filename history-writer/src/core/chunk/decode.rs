//! Reads what `encode` wrote, strictly. Columns lie on the stack: nothing that is read decides how much memory it takes.

use model::{DeviceId, Timestamp, Version};

use super::bits::BitReader;
use super::encode::{
    ALL, CHECKSUM_BYTES, COUNT_BITS, FORMAT, NONE, PRESENCE_BITS, SOME, TEXT_BITS, index_bits,
};
use super::error::ChunkError;
use super::series;
use crate::core::limits::CHUNK_POINTS_MAX;
use crate::core::point::{Point, StoredFix, Unshown};

/// A number of each point; those of a chunk with fewer aren't used.
type Column = [i64; CHUNK_POINTS_MAX];

/// Reads points; their order is for the caller to check.
pub(super) fn decode(bytes: &[u8]) -> Result<Vec<Point>, ChunkError> {
    match bytes.first() {
        Some(&FORMAT) => {}
        Some(&other) => return Err(ChunkError::Format(other)),
        None => return Err(ChunkError::Malformed),
    }
    let (content, checksum) =
        bytes.split_last_chunk::<CHECKSUM_BYTES>().ok_or(ChunkError::Malformed)?;
    if crc32fast::hash(content) != u32::from_le_bytes(*checksum) {
        return Err(ChunkError::Checksum);
    }
    let mut input = BitReader::new(content.get(1..).ok_or(ChunkError::Malformed)?);
    let count = input.take(COUNT_BITS)? as usize;
    if !(1..=CHUNK_POINTS_MAX).contains(&count) {
        return Err(ChunkError::Malformed);
    }
    let effective = column(&mut input, count)?;
    let devices = Devices::read(&mut input, count)?;
    let is_delay = input.take(1)? == 1;
    let received = column(&mut input, count)?;
    let reasons = column(&mut input, count)?;
    let latitudes = column(&mut input, count)?;
    let longitudes = column(&mut input, count)?;
    let mut values = [const { Optional::NONE }; StoredFix::VALUES];
    for value in &mut values {
        *value = Optional::read(&mut input, count)?;
    }
    if !input.is_at_end() {
        return Err(ChunkError::Malformed);
    }
    let mut points = Vec::with_capacity(count);
    for at in 0..count {
        let position = (narrow(latitudes[at])?, narrow(longitudes[at])?);
        let mut told = [None; StoredFix::VALUES];
        for (told, value) in told.iter_mut().zip(&values) {
            *told = value.get(at).map(narrow).transpose()?;
        }
        let fix = StoredFix::from_values(position, told).ok_or(ChunkError::Malformed)?;
        let received_since = if is_delay { effective[at] } else { 0 };
        let (device, seq) = devices.get(at);
        points.push(Point {
            version: Version { effective: Timestamp(effective[at]), device, seq },
            fix,
            received: Timestamp(received[at].wrapping_add(received_since)),
            unshown: Unshown::from_number(narrow(reasons[at])?),
        });
    }
    Ok(points)
}

fn column(input: &mut BitReader<'_>, count: usize) -> Result<Column, ChunkError> {
    let mut column = [0; CHUNK_POINTS_MAX];
    series::read(input, &mut column[..count])?;
    Ok(column)
}

/// Which device each point is of, and its sequence number.
struct Devices {
    ids: Vec<DeviceId>,
    of_points: [u8; CHUNK_POINTS_MAX],
    seqs: [u64; CHUNK_POINTS_MAX],
}

impl Devices {
    fn read(input: &mut BitReader<'_>, count: usize) -> Result<Self, ChunkError> {
        let device_count = input.take(COUNT_BITS)? as usize;
        if !(1..=count).contains(&device_count) {
            return Err(ChunkError::Malformed);
        }
        let mut ids = Vec::with_capacity(device_count);
        // The last sequence number of each so far, and whether a point had it.
        let mut last = [(0_u64, false); CHUNK_POINTS_MAX];
        for (first, _) in &mut last[..device_count] {
            let length = input.take(TEXT_BITS)?;
            let mut text = String::new();
            for _ in 0..length {
                text.push(char::from(input.take(TEXT_BITS)? as u8));
            }
            ids.push(DeviceId::parse(&text).map_err(|_| ChunkError::Malformed)?);
            *first = input.take_number()?;
        }
        let mut of_points = [0; CHUNK_POINTS_MAX];
        let width = index_bits(device_count);
        if width > 0 {
            for device in &mut of_points[..count] {
                *device = input.take(width)? as u8;
            }
        }
        let step_count = count - device_count;
        let mut steps = [0; CHUNK_POINTS_MAX];
        if step_count > 0 {
            series::read(input, &mut steps[..step_count])?;
        }
        let mut steps = steps[..step_count].iter();
        let mut seqs = [0; CHUNK_POINTS_MAX];
        for (device, seq) in of_points.iter().zip(&mut seqs[..count]) {
            let known = last[..device_count].get_mut(usize::from(*device));
            let (last, is_known) = known.ok_or(ChunkError::Malformed)?;
            if std::mem::replace(is_known, true) {
                let step = steps.next().ok_or(ChunkError::Malformed)?;
                *last = last.wrapping_add(*step as u64);
            }
            *seq = *last;
        }
        // As many steps as points behind the first of their device: so each device has a point.
        if steps.next().is_some() {
            return Err(ChunkError::Malformed);
        }
        Ok(Self { ids, of_points, seqs })
    }

    fn get(&self, at: usize) -> (DeviceId, u64) {
        (self.ids[usize::from(self.of_points[at])].clone(), self.seqs[at])
    }
}

/// A value that not every point has.
struct Optional {
    /// A bit for each point that has it, that of the first point the lowest.
    holders: u64,
    column: Column,
}

impl Optional {
    const NONE: Self = Self { holders: 0, column: [0; CHUNK_POINTS_MAX] };

    fn read(input: &mut BitReader<'_>, count: usize) -> Result<Self, ChunkError> {
        let mut value = Self::NONE;
        match input.take(PRESENCE_BITS)? {
            NONE => return Ok(value),
            ALL => {
                value.holders = u64::MAX >> (u64::BITS as usize - count);
                series::read(input, &mut value.column[..count])?;
                return Ok(value);
            }
            SOME => {}
            _ => return Err(ChunkError::Malformed),
        }
        for at in 0..count {
            value.holders |= input.take(1)? << at;
        }
        if value.holders == 0 {
            return Err(ChunkError::Malformed);
        }
        let mut told = [0; CHUNK_POINTS_MAX];
        let told = &mut told[..value.holders.count_ones() as usize];
        series::read(input, told)?;
        let holders = (0..count).filter(|at| value.holders >> at & 1 == 1);
        for (at, told) in holders.zip(told) {
            value.column[at] = *told;
        }
        Ok(value)
    }

    fn get(&self, at: usize) -> Option<i64> {
        (self.holders >> at & 1 == 1).then(|| self.column[at])
    }
}

fn narrow<T: TryFrom<i64>>(number: i64) -> Result<T, ChunkError> {
    T::try_from(number).map_err(|_| ChunkError::Malformed)
}
