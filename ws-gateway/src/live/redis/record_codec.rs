//! How a record travels and is cached, all numbers big-endian.
//!
//! | bytes | |
//! |---|---|
//! | 1 | 1: this layout |
//! | 8 | effective time, Unix ms, signed |
//! | 8 | `seq` |
//! | 1 + n | the device's id: its length, then its characters |
//! | 8 | the gateway that wrote it |
//! | 4 | how long it held when it was written, ms |
//! | 1 | what follows: bit 0 here, 1 accuracy, 2 altitude, 3 speed, 4 heading, 5 battery; none: signed off |
//! | 8 each | latitude, longitude, then what the bits say, as IEEE 754 doubles |
//!
//! Up to the device's id it must stay as it is: `announce.lua` compares versions there. Whose it is and for which class
//! of viewers, the key and the channel say.
//!
//! What is cached has 9 bytes in front of that: a 2, and what the user has used up of their limit, which only
//! `announce.lua` reads and writes. Zeros instead of a record mean that only that is remembered. A record alone is what
//! was cached before there was a limit.

use bytes::Buf as _;
use model::{DeviceId, Fix, Monotonic, Position, Timestamp, UserId, Version};

use crate::session::record::{Presence, Record};

/// The one layout there is.
const LAYOUT: u8 = 1;

/// What is cached with what its user has used up, and the bytes that takes.
const CHARGED: u8 = 2;
const CHARGED_BYTES: usize = 9;

const HERE: u8 = 1;

/// What was in the bytes.
pub(super) struct Decoded {
    pub(super) record: Record,
    /// The gateway that wrote it.
    pub(super) origin: u64,
    /// How long it held when it was written, milliseconds.
    pub(super) ttl_ms: u32,
}

/// Lays a record out.
pub(super) fn encode(record: &Record, origin: u64, ttl_ms: u32) -> Vec<u8> {
    let version = &record.version;
    let device = version.device.as_str();
    let mut out = Vec::with_capacity(48 + device.len());
    out.push(LAYOUT);
    out.extend(version.effective.0.to_be_bytes());
    out.extend(version.seq.to_be_bytes());
    out.push(device.len() as u8);
    out.extend(device.as_bytes());
    out.extend(origin.to_be_bytes());
    out.extend(ttl_ms.to_be_bytes());
    let Presence::Here(fix) = &record.presence else {
        out.push(0);
        return out;
    };
    let extras = extras(fix);
    let bits = (1..).zip(extras).filter(|(_, value)| value.is_some());
    out.push(bits.fold(HERE, |bits, (bit, _)| bits | 1 << bit));
    let position = [fix.position.latitude(), fix.position.longitude()];
    for value in position.into_iter().chain(extras.into_iter().flatten()) {
        out.extend(value.to_be_bytes());
    }
    out
}

/// In the order of their bits.
fn extras(fix: &Fix) -> [Option<f64>; 5] {
    [fix.accuracy_m, fix.altitude_m, fix.speed_mps, fix.heading_deg, fix.battery_percent]
}

/// Reads what is cached of this user; none if there is no record in it.
pub(super) fn decode_cached(user: UserId, bytes: &[u8], received: Monotonic) -> Option<Decoded> {
    let record = match bytes.first() {
        Some(&CHARGED) => bytes.get(CHARGED_BYTES..)?,
        _ => bytes,
    };
    decode(user, record, received)
}

/// Reads a record of this user; none if the bytes aren't one.
pub(super) fn decode(user: UserId, bytes: &[u8], received: Monotonic) -> Option<Decoded> {
    let mut rest = bytes.strip_prefix(&[LAYOUT])?;
    let effective = Timestamp(rest.try_get_i64().ok()?);
    let seq = rest.try_get_u64().ok()?;
    let length = rest.try_get_u8().ok()?;
    let (device, mut rest) = rest.split_at_checked(length.into())?;
    let device = DeviceId::parse(std::str::from_utf8(device).ok()?).ok()?;
    let origin = rest.try_get_u64().ok()?;
    let ttl_ms = rest.try_get_u32().ok()?;
    let bits = rest.try_get_u8().ok()?;
    let presence =
        if bits & HERE == 0 { Presence::Gone } else { Presence::Here(fix(bits, &mut rest)?) };
    if !rest.is_empty() {
        return None;
    }
    let record = Record::new(user, Version { effective, device, seq }, presence, received);
    Some(Decoded { record, origin, ttl_ms })
}

fn fix(bits: u8, rest: &mut &[u8]) -> Option<Fix> {
    let mut double = || rest.try_get_f64().ok();
    let position = Position::new(double()?, double()?).ok()?;
    let mut extra = |bit: u8| if bits & 1 << bit == 0 { Some(None) } else { double().map(Some) };
    let fix = Fix {
        position,
        accuracy_m: extra(1)?,
        altitude_m: extra(2)?,
        speed_mps: extra(3)?,
        heading_deg: extra(4)?,
        battery_percent: extra(5)?,
    };
    fix.checked().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn user() -> UserId {
        UserId::parse("bob").expect("id")
    }

    fn version(effective: i64, device: &str, seq: u64) -> Version {
        Version {
            effective: Timestamp(effective),
            device: DeviceId::parse(device).expect("id"),
            seq,
        }
    }

    #[test]
    fn the_layout_is_frozen() {
        let position = Position::new(36.5, -115.25).expect("on Earth");
        let fix = Fix { accuracy_m: Some(4.5), battery_percent: Some(80.0), ..Fix::at(position) };
        let version = version(1_800_000_000_000, "phone", 7);
        let record = Record::new(user(), version, Presence::Here(fix), Monotonic(0));
        let expected: [&[u8]; 7] = [
            b"\x01\x00\x00\x01\xa3\x18\x5c\x50\x00\x00\x00\x00\x00\x00\x00\x00\x07\x05phone",
            b"\x01\x02\x03\x04\x05\x06\x07\x08\x00\x09\x27\xc0",
            b"\x23",
            &36.5_f64.to_be_bytes(),
            &(-115.25_f64).to_be_bytes(),
            &4.5_f64.to_be_bytes(),
            &80.0_f64.to_be_bytes(),
        ];
        assert_eq!(encode(&record, 0x0102_0304_0506_0708, 600_000), expected.concat());
    }

    #[test]
    fn what_is_cached_is_read_with_what_was_used_up_in_front_of_it_and_without() {
        let record = Record::new(user(), version(1, "phone", 7), Presence::Gone, Monotonic(0));
        let alone = encode(&record, 5, 600_000);
        let read =
            |bytes: &[u8]| decode_cached(user(), bytes, Monotonic(0)).map(|d| d.record.version.seq);
        assert_eq!(read(&alone), Some(7));
        let used_up = [&[CHARGED][..], &1.5_f64.to_be_bytes()].concat();
        assert_eq!(read(&[&used_up[..], &alone].concat()), Some(7));
        assert_eq!(read(&[&used_up[..], &[0; 9]].concat()), None);
        assert_eq!(read(&used_up[..3]), None);
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded_to_the_last_bit(
            effective in any::<i64>(), seq in any::<u64>(), origin in any::<u64>(), ttl_ms in any::<u32>(),
            device in "[a-z]{1,64}", here in any::<bool>(),
            latitude in -90.0..=90.0f64, longitude in -180.0..180.0f64,
            accuracy_m in proptest::option::of(0.0..100_000.0f64), speed_mps in proptest::option::of(0.0..360.0f64),
        ) {
            let position = Position::new(latitude, longitude).expect("on Earth");
            let fix = Fix { accuracy_m, speed_mps, ..Fix::at(position) };
            let presence = if here { Presence::Here(fix) } else { Presence::Gone };
            prop_assume!(device != "me");
            let record = Record::new(user(), version(effective, &device, seq), presence, Monotonic(0));
            let bytes = encode(&record, origin, ttl_ms);
            let decoded = decode(user(), &bytes, Monotonic(9)).expect("our own bytes");
            prop_assert_eq!(&decoded.record.version, &record.version);
            prop_assert_eq!(decoded.record.presence, record.presence);
            prop_assert_eq!((decoded.origin, decoded.ttl_ms), (origin, ttl_ms));
        }

        #[test]
        fn bytes_of_others_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..120), cut in 0usize..60) {
            // Whatever comes out, it comes without a panic; and a record cut short is none.
            let _ = decode(user(), &bytes, Monotonic(0));
            let position = Position::new(1.0, 2.0).expect("on Earth");
            let record =
                Record::new(user(), version(1, "phone", 1), Presence::Here(Fix::at(position)), Monotonic(0));
            let whole = encode(&record, 1, 1);
            prop_assert!(decode(user(), &whole[..cut.min(whole.len() - 1)], Monotonic(0)).is_none());
        }
    }
}
