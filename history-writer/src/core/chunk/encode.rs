//! A chunk as it is written: the format's number, the points in columns, CRC-32 of what is before it.
//!
//! The columns, a [`series`](super::series) each where nothing else is said: effective times; devices (how many, their ids, and where
//! there are several which one each point is of); sequence numbers (the first of each device, the others less the one before of
//! the same device); times of receipt (less the effective ones or as they are, whichever is shorter); reasons; latitudes;
//! longitudes; then each of the optional values (whether none, all or some of the points have it; where some, which).

use model::DeviceId;

use super::bits::BitWriter;
use super::series::Plan;
use crate::core::point::{Point, StoredFix, Unshown};

/// The version of the form; numbers of older ones are never used again.
pub(super) const FORMAT: u8 = 1;
pub(super) const CHECKSUM_BYTES: usize = 4;
/// Enough for a number less than [`CHUNK_POINTS_MAX`], or equal.
pub(super) const COUNT_BITS: u32 = 6;
/// Enough for a character of a device's id, and for how many it has.
pub(super) const TEXT_BITS: u32 = 7;

/// How many points have an optional value.
pub(super) const NONE: u64 = 0;
pub(super) const ALL: u64 = 1;
pub(super) const SOME: u64 = 2;
pub(super) const PRESENCE_BITS: u32 = 2;

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

/// How many bits tell so many things apart.
pub(super) fn index_bits(count: usize) -> u32 {
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
