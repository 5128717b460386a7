//! A chunk as bytes: the format's number, the points in columns, CRC-32 of what is before it.
//!
//! The columns, a [`series`](super::series) each where nothing else is said: effective times; devices (how many, their ids, and where
//! there are several which one each point is of); sequence numbers (the first of each device, the others less the one before of
//! the same device); times of receipt (less the effective ones or as they are, whichever is shorter); reasons; latitudes;
//! longitudes; then each of the optional values (whether none, all or some of the points have it; where some, which).

use model::{DeviceId, Timestamp, Version};

use super::bits::{BitReader, BitWriter};
use super::error::ChunkError;
use super::series::{self, Plan};
use crate::core::limits::CHUNK_POINTS_MAX;
use crate::core::point::{Point, StoredFix, Unshown};

/// The version of the form; numbers of older ones are never used again.
const FORMAT: u8 = 1;
const CHECKSUM_BYTES: usize = 4;
/// Enough for a number less than [`CHUNK_POINTS_MAX`], or equal.
const COUNT_BITS: u32 = 6;
/// Enough for a character of a device's id, and for how many it has.
const TEXT_BITS: u32 = 7;

/// How many points have an optional value.
const NONE: u64 = 0;
const ALL: u64 = 1;
const SOME: u64 = 2;
const PRESENCE_BITS: u32 = 2;

/// The points, which are in order and of which there are 1 to [`CHUNK_POINTS_MAX`], as bytes.
pub(super) fn encode(points: &[Point]) -> Vec<u8> {
    let mut out = BitWriter::behind(vec![FORMAT]);
    out.put(points.len() as u64, COUNT_BITS);
    let column = |number: &dyn Fn(&Point) -> i64| -> Plan {
        Plan::new(&points.iter().map(number).collect::<Vec<_>>())
    };
    column(&|point| point.effective().0).write(&mut out);
    put_devices(points, &mut out);
    let alone = column(&|point| point.received.0);
    let delay = column(&|point| point.received.0.wrapping_sub(point.effective().0));
    out.put(u64::from(delay.bits <= alone.bits), 1);
    if delay.bits <= alone.bits { delay } else { alone }.write(&mut out);
    column(&|point| point.unshown.map_or(0, Unshown::number).into()).write(&mut out);
    column(&|point| point.fix.latitude_e7.into()).write(&mut out);
    column(&|point| point.fix.longitude_e7.into()).write(&mut out);
    let values: Vec<_> = points.iter().map(|point| point.fix.values()).collect();
    for which in 0..StoredFix::VALUES {
        put_optional(values.iter().map(|values| values[which]), &mut out);
    }
    let mut bytes = out.finish();
    let checksum = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&checksum.to_le_bytes());
    bytes
}

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
    let effective = series::read(&mut input, count)?;
    let devices = take_devices(&mut input, count)?;
    let is_delay = input.take(1)? == 1;
    let received = series::read(&mut input, count)?;
    let reasons = series::read(&mut input, count)?;
    let latitudes = series::read(&mut input, count)?;
    let longitudes = series::read(&mut input, count)?;
    let mut values = vec![[None; StoredFix::VALUES]; count];
    for which in 0..StoredFix::VALUES {
        take_optional(&mut input, &mut values, which)?;
    }
    if !input.is_at_end() {
        return Err(ChunkError::Malformed);
    }
    let mut points = Vec::with_capacity(count);
    for (at, (device, seq)) in devices.into_iter().enumerate() {
        let position = (narrow(latitudes[at])?, narrow(longitudes[at])?);
        let fix = StoredFix::from_values(position, values[at]).ok_or(ChunkError::Malformed)?;
        let received_since = if is_delay { effective[at] } else { 0 };
        let received = received[at].wrapping_add(received_since);
        points.push(Point {
            version: Version { effective: Timestamp(effective[at]), device, seq },
            fix,
            received: Timestamp(received),
            unshown: Unshown::from_number(narrow(reasons[at])?),
        });
    }
    Ok(points)
}

/// Writes which device each point is of, and the sequence numbers.
fn put_devices(points: &[Point], out: &mut BitWriter) {
    // Each with its last sequence number so far.
    let mut devices: Vec<(&DeviceId, u64)> = Vec::new();
    let mut of_points = Vec::with_capacity(points.len());
    let mut steps = Vec::with_capacity(points.len());
    let mut firsts = Vec::new();
    for Point { version, .. } in points {
        let known = devices.iter_mut().position(|(device, _)| **device == version.device);
        let at = known.unwrap_or_else(|| {
            devices.push((&version.device, version.seq));
            firsts.push(version.seq);
            devices.len() - 1
        });
        if known.is_some() {
            steps.push(version.seq.wrapping_sub(devices[at].1) as i64);
            devices[at].1 = version.seq;
        }
        of_points.push(at as u64);
    }
    out.put(devices.len() as u64, COUNT_BITS);
    for ((device, _), first) in devices.iter().zip(firsts) {
        out.put(device.as_str().len() as u64, TEXT_BITS);
        device.as_str().bytes().for_each(|byte| out.put(byte.into(), TEXT_BITS));
        out.put_number(first);
    }
    let width = index_bits(devices.len());
    for at in of_points {
        out.put(at, width);
    }
    if !steps.is_empty() {
        Plan::new(&steps).write(out);
    }
}

/// Reads the device and the sequence number of each point.
fn take_devices(
    input: &mut BitReader<'_>,
    count: usize,
) -> Result<Vec<(DeviceId, u64)>, ChunkError> {
    let device_count = input.take(COUNT_BITS)? as usize;
    if !(1..=count).contains(&device_count) {
        return Err(ChunkError::Malformed);
    }
    // Each with its last sequence number so far, and whether a point had it.
    let mut devices = Vec::with_capacity(device_count);
    for _ in 0..device_count {
        let length = input.take(TEXT_BITS)?;
        let mut text = String::new();
        for _ in 0..length {
            text.push(char::from(input.take(TEXT_BITS)? as u8));
        }
        let device = DeviceId::parse(&text).map_err(|_| ChunkError::Malformed)?;
        devices.push((device, input.take_number()?, false));
    }
    let width = index_bits(device_count);
    let mut of_points = Vec::with_capacity(count);
    for _ in 0..count {
        of_points.push(input.take(width)? as usize);
    }
    let step_count = count - device_count;
    let steps = if step_count > 0 { series::read(input, step_count)? } else { Vec::new() };
    let mut steps = steps.into_iter();
    let mut found = Vec::with_capacity(count);
    for at in of_points {
        let (device, seq, is_known) = devices.get_mut(at).ok_or(ChunkError::Malformed)?;
        if *is_known {
            let step = steps.next().ok_or(ChunkError::Malformed)?;
            *seq = seq.wrapping_add(step as u64);
        }
        *is_known = true;
        found.push((device.clone(), *seq));
    }
    // As many steps as points behind the first of their device: so each device has a point.
    if steps.next().is_some() { Err(ChunkError::Malformed) } else { Ok(found) }
}

/// How many bits tell so many things apart.
fn index_bits(count: usize) -> u32 {
    (count - 1).checked_ilog2().map_or(0, |bits| bits + 1)
}

/// Writes the values of those that have one, and who has.
fn put_optional(values: impl Iterator<Item = Option<i32>> + Clone, out: &mut BitWriter) {
    let there: Vec<i64> = values.clone().flatten().map(i64::from).collect();
    let count = values.clone().count();
    let presence = match there.len() {
        0 => NONE,
        all if all == count => ALL,
        _ => SOME,
    };
    out.put(presence, PRESENCE_BITS);
    if presence == SOME {
        values.for_each(|value| out.put(u64::from(value.is_some()), 1));
    }
    if presence != NONE {
        Plan::new(&there).write(out);
    }
}

/// Reads an optional value of all points into its place in each.
fn take_optional(
    input: &mut BitReader<'_>,
    values: &mut [[Option<i32>; StoredFix::VALUES]],
    which: usize,
) -> Result<(), ChunkError> {
    let presence = input.take(PRESENCE_BITS)?;
    let mut holders = Vec::with_capacity(values.len());
    for at in 0..values.len() {
        let has_it = match presence {
            NONE => false,
            ALL => true,
            SOME => input.take(1)? == 1,
            _ => return Err(ChunkError::Malformed),
        };
        if has_it {
            holders.push(at);
        }
    }
    if holders.is_empty() {
        return if presence == SOME { Err(ChunkError::Malformed) } else { Ok(()) };
    }
    let numbers = series::read(input, holders.len())?;
    for (at, number) in holders.into_iter().zip(numbers) {
        values[at][which] = Some(narrow(number)?);
    }
    Ok(())
}

fn narrow<T: TryFrom<i64>>(number: i64) -> Result<T, ChunkError> {
    T::try_from(number).map_err(|_| ChunkError::Malformed)
}
