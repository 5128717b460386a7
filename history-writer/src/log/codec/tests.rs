//! Points come back as they were, and any other bytes are an error.

use model::{DeviceId, Timestamp, UserId, Version};
use proptest::prelude::*;
use segment_log::{Bytes, Malformed};

use super::{next_run, points, put_run};
use crate::log::packed::{RUNS_BYTES_MAX, Summary, pack, unpack};
use crate::{Point, StoredFix, Unshown};

fn any_time() -> impl Strategy<Value = i64> {
    prop_oneof![any::<i64>(), 1_700_000_000_000..1_700_000_100_000_i64]
}

fn any_fix() -> impl Strategy<Value = StoredFix> {
    let position = (-900_000_000..=900_000_000, -1_800_000_000..=1_800_000_000);
    let values = (
        prop::option::of(0..=10_000_000),
        prop::option::of(-1_200_000..=10_000_000),
        prop::option::of(0..=36_000),
        prop::option::of(0..=36_000),
        prop::option::of(0..=10_000),
    );
    (position, values).prop_map(|(position, (accuracy, altitude, speed, heading, battery))| {
        let values = [accuracy, altitude, speed, heading, battery];
        StoredFix::from_values(position, values).expect("in their ranges")
    })
}

fn any_point() -> impl Strategy<Value = Point> {
    let seq = prop_oneof![any::<u64>(), 0..1_000_u64];
    (any_time(), "[a-c]|[a-z]{64}", seq, any_time(), any_fix(), any::<u8>()).prop_map(
        |(effective, device, seq, received, fix, reason)| {
            let device = DeviceId::parse(&device).expect("a device id");
            let version = Version { effective: Timestamp(effective), device, seq };
            let unshown = Unshown::from_number(reason);
            Point { version, fix, received: Timestamp(received), unshown }
        },
    )
}

fn any_runs() -> impl Strategy<Value = Vec<(UserId, Vec<Point>)>> {
    let user = "[a-z]{1,128}".prop_filter_map("reserved", |id| UserId::parse(&id).ok());
    prop::collection::vec((user, prop::collection::vec(any_point(), 1..20)), 1..6)
}

fn put(runs: &[(UserId, Vec<Point>)]) -> (Vec<u8>, Vec<u8>) {
    let (mut bytes, mut rows) = (Vec::new(), Vec::new());
    for (user, points) in runs {
        let start = put_run(&mut bytes, user, points);
        rows.extend_from_slice(&bytes[start..]);
    }
    (bytes, rows)
}

fn read(bytes: &[u8]) -> Result<Vec<(UserId, Vec<Point>)>, Malformed> {
    let (mut bytes, mut runs) = (Bytes(bytes), Vec::new());
    while let Some(run) = next_run(&mut bytes)? {
        let again: Result<Vec<_>, _> = points(run.rows).collect();
        assert_eq!(again.as_ref(), Ok(&run.points), "rows are read by themselves too");
        runs.push((run.user, run.points));
    }
    Ok(runs)
}

const SUMMARY: Summary = Summary { lowest: i64::MIN, highest: i64::MAX, points: 7 };

proptest! {
    #[test]
    fn points_come_back(runs in any_runs()) {
        let (bytes, rows) = put(&runs);
        prop_assert_eq!(&read(&bytes), &Ok(runs.clone()));
        let behind_each_other: Result<Vec<_>, _> = points(&rows).collect();
        let all: Vec<_> = runs.into_iter().flat_map(|(_, points)| points).collect();
        prop_assert_eq!(behind_each_other, Ok(all));
        let mut packed = Vec::new();
        pack(&mut packed, SUMMARY, &bytes);
        let (summary, unpacked) = unpack(&packed).expect("ours");
        prop_assert_eq!((summary, &*unpacked), (SUMMARY, &bytes[..]));
    }

    #[test]
    fn any_bytes_are_points_or_an_error(
        runs in any_runs(),
        at in any::<prop::sample::Index>(),
        others in prop::collection::vec(any::<u8>(), 0..40),
        is_cut in any::<bool>(),
    ) {
        let (mut bytes, _) = put(&runs);
        let at = at.index(bytes.len());
        let end = if is_cut { bytes.len() } else { (at + others.len()).min(bytes.len()) };
        bytes.splice(at..end, others);
        // Neither panics, nor asks for more memory than the bytes can hold.
        let _ = read(&bytes);
        let _ = points(&bytes).count();
        let mut packed = Vec::new();
        pack(&mut packed, SUMMARY, &bytes);
        packed.truncate(packed.len() - at % packed.len());
        let _ = unpack(&packed);
        let _ = unpack(&bytes);
    }
}

#[test]
fn what_repeats_is_packed_and_no_length_is_believed() {
    let repeating = b"0123456789abcdef".repeat(1_000);
    let mut packed = Vec::new();
    pack(&mut packed, SUMMARY, &repeating);
    assert!(packed.len() < repeating.len() / 10);
    assert_eq!(&*unpack(&packed).expect("ours").1, &repeating[..]);
    for length in [0, repeating.len() as u32 - 1, repeating.len() as u32 + 1, u32::MAX] {
        packed[21..25].copy_from_slice(&length.to_le_bytes());
        assert_eq!(unpack(&packed), Err(Malformed), "{length}");
    }
    let mut most = Vec::new();
    pack(&mut most, SUMMARY, &vec![0; RUNS_BYTES_MAX]);
    assert_eq!(unpack(&most).expect("ours").1.len(), RUNS_BYTES_MAX);
}
