//! Bytes of before stay readable.

use data_encoding::HEXLOWER;

use super::*;

/// A walk with two phones, as format 1 wrote it. To add those of a new format: print `chunk.encode()` of `walk` as
/// hexadecimal, and leave these.
const FORMAT_1: &str = concat!(
    "0116a9acafaf12003f5308060105d3bf9ad660f0bdf0f4c7a023081314bc030199990008001a79925902830e24",
    "030a023138d3e2015050208570208615f8212390e3c6560200d04399101270053e",
);

fn walk() -> Chunk {
    let points = (0..5_i32).map(|at| {
        let mut point =
            point(1_559_810_000_000 + i64::from(at) * 30_000, "ios-3", 7, 1_559_810_000_350);
        point.version.seq += at as u64;
        point.received = point.effective().plus_ms(350 + i64::from(at * at));
        point.fix.latitude_e7 += at * 2_500;
        point.fix.longitude_e7 -= at * at * 130;
        point.fix.accuracy_cm = Some(480);
        point.fix.heading_cdeg = (at > 2).then_some(9_000 + at as u16);
        if at == 4 {
            point.version.device = DeviceId::parse("watch").expect("a device");
            point.unshown = Some(Unshown::TooOld);
            point.fix.altitude_cm = Some(-1_200);
            point.fix.battery_cpercent = Some(5_700);
            point.fix.speed_cmps = Some(142);
        }
        point
    });
    Chunk::new(points.collect()).expect("it fits")
}

#[test]
fn format_1_stays_as_it_is() {
    let bytes = walk().encode();
    assert_eq!(
        HEXLOWER.encode(&bytes),
        FORMAT_1,
        "what is stored must stay readable, and the same points come to the same bytes"
    );
    assert_eq!(Chunk::decode(&bytes), Ok(walk()));
}
