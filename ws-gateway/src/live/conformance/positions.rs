//! What is cached.

use std::sync::Arc;

use model::{DeviceId, Version};

use super::{Backend, Rig, channel, sighting};
use crate::live::Written;
use crate::session::record::{Presence, Record, Sighting};

/// What one gateway writes, every gateway reads, to the last digit.
pub(super) async fn what_is_written_is_read_everywhere(backend: &dyn Backend) {
    let rig = Rig::new(backend, 2).await;
    let written = rig.sighting("alice", 0, 7);
    assert_eq!(rig.write(0, written.clone()).await, Written::Newest);
    for gateway in 0..2 {
        let read = rig.read(gateway, "alice").await.expect("cached");
        assert_eq!(read.record.version, written.1.record.version);
        assert_eq!(read.record.presence, written.1.record.presence);
        assert_eq!(read.record.user, written.1.record.user);
    }
}

/// Nobody is a position of (0, 0).
pub(super) async fn who_never_wrote_is_absent_and_answers_keep_the_order_of_the_questions(
    backend: &dyn Backend,
) {
    let rig = Rig::new(backend, 1).await;
    rig.write(0, rig.sighting("bob", 0, 2)).await;
    rig.write(0, rig.sighting("carol", 0, 3)).await;
    let asked = ["carol", "nobody", "bob", "carol"].map(channel).to_vec();
    let read = rig.lives[0].read(asked).await.expect("read");
    let seqs: Vec<_> = read.iter().map(|s| s.as_ref().map(|s| s.record.version.seq)).collect();
    assert_eq!(seqs, [Some(3), None, Some(2), Some(3)]);
}

/// Whichever gateway writes when.
pub(super) async fn an_older_version_changes_nothing(backend: &dyn Backend) {
    let rig = Rig::new(backend, 2).await;
    assert_eq!(rig.write(0, rig.sighting("alice", 0, 5)).await, Written::Newest);
    assert_eq!(rig.write(1, rig.sighting("alice", -1_000, 9)).await, Written::Older);
    assert_eq!(rig.write(1, rig.sighting("alice", 0, 4)).await, Written::Older);
    assert_eq!(rig.read_seq(0, "alice").await, Some(5));
    assert_eq!(rig.write(1, rig.sighting("alice", 0, 6)).await, Written::Newest);
    assert_eq!(rig.read_seq(0, "alice").await, Some(6));
}

/// The same on every server, whatever its language or locale: devices by their bytes, `seq` to its last bit.
pub(super) async fn versions_of_one_millisecond_are_ordered_by_device_then_seq(
    backend: &dyn Backend,
) {
    let rig = Rig::new(backend, 1).await;
    let (channel, here) = rig.sighting("alice", 0, 0);
    // From the oldest to the newest.
    let versions = [
        ("B", (1 << 63) + 1),
        ("B", (1 << 63) + 2),
        ("a", u64::MAX - 1),
        ("a", u64::MAX),
        ("a-1", 3),
        ("aa", 2),
        ("b", 1),
    ];
    let all = versions.map(|(device, seq)| {
        let device = DeviceId::parse(device).expect("a valid id");
        let version = Version { device, seq, ..here.record.version.clone() };
        let record =
            Record::new(channel.user.clone(), version, here.record.presence, here.record.received);
        (channel.clone(), Sighting { record: Arc::new(record), expires: here.expires })
    });
    for (at, newer) in all.iter().enumerate() {
        assert_eq!(rig.write(0, newer.clone()).await, Written::Newest, "{:?}", versions[at]);
        for older in &all[..at] {
            assert_eq!(rig.write(0, older.clone()).await, Written::Older, "{:?}", versions[at]);
        }
    }
}

/// So that a call whose answer was lost can be repeated.
pub(super) async fn writing_the_same_again_is_harmless(backend: &dyn Backend) {
    let rig = Rig::new(backend, 1).await;
    let same = rig.sighting("alice", 0, 5);
    for _ in 0..3 {
        assert_eq!(rig.write(0, same.clone()).await, Written::Newest);
    }
    assert_eq!(rig.read_seq(0, "alice").await, Some(5));
}

/// The TTL counts from what the sighting says.
pub(super) async fn a_position_is_forgotten_at_its_ttl(backend: &dyn Backend) {
    let rig = Rig::new(backend, 1).await;
    rig.write(0, sighting(rig.now(), "alice", 0, 1, 1_000)).await;
    rig.write(0, sighting(rig.now(), "bob", 0, 1, 60_000)).await;
    assert_eq!(rig.read_seq(0, "alice").await, Some(1));
    backend.pass_ms(1_100).await;
    assert_eq!(rig.read_seq(0, "alice").await, None);
    assert_eq!(rig.read_seq(0, "bob").await, Some(1));
}

/// As a `keep` does.
pub(super) async fn the_same_version_can_hold_longer_but_not_shorter(backend: &dyn Backend) {
    let rig = Rig::new(backend, 1).await;
    let at = rig.now();
    for ttl_ms in [1_000, 5_000, 500] {
        rig.write(0, sighting(at, "alice", 0, 1, ttl_ms)).await;
    }
    backend.pass_ms(1_500).await;
    assert_eq!(rig.read_seq(0, "alice").await, Some(1));
    backend.pass_ms(4_000).await;
    assert_eq!(rig.read_seq(0, "alice").await, None);
}

/// Whatever is left after its TTL must not stand in the way of anything.
pub(super) async fn after_the_ttl_even_an_older_version_is_news(backend: &dyn Backend) {
    let rig = Rig::new(backend, 1).await;
    rig.write(0, sighting(rig.now(), "alice", 0, 5, 1_000)).await;
    let older = sighting(rig.now(), "alice", -2_000, 4, 60_000);
    backend.pass_ms(1_100).await;
    assert_eq!(rig.write(0, older).await, Written::Newest);
    assert_eq!(rig.read_seq(0, "alice").await, Some(4));
}

/// Else everybody would freeze until the clock has caught up.
pub(super) async fn a_version_far_ahead_of_the_clock_is_not_trusted(backend: &dyn Backend) {
    let rig = Rig::new(backend, 1).await;
    rig.write(0, rig.sighting("alice", 3_600_000, 5)).await;
    assert_eq!(rig.write(0, rig.sighting("alice", 0, 6)).await, Written::Newest);
    assert_eq!(rig.read_seq(0, "alice").await, Some(6));
}

/// Gone is a record like any other: it is ordered, and it is read.
pub(super) async fn a_sign_off_keeps_older_fixes_out(backend: &dyn Backend) {
    let rig = Rig::new(backend, 1).await;
    rig.write(0, rig.sighting("alice", -500, 1)).await;
    let (channel, here) = rig.sighting("alice", 0, 0);
    let version = here.record.version.clone();
    let gone = Record::new(channel.user.clone(), version, Presence::Gone, rig.now().monotonic);
    let gone = Sighting { record: Arc::new(gone), expires: here.expires };
    assert_eq!(rig.write(0, (channel, gone)).await, Written::Newest);
    assert_eq!(rig.write(0, rig.sighting("alice", -100, 2)).await, Written::Older);
    let read = rig.read(0, "alice").await.expect("remembered");
    assert_eq!(read.record.presence, Presence::Gone);
}
