//! What a user may send.

use super::{Backend, Rig, sighting};
use crate::live::{FixLimit, Written};

/// How long one fix counts, and a whole burst, milliseconds.
fn interval_and_burst_ms() -> (u64, u64) {
    let limit = FixLimit::default();
    (limit.interval_ms() as u64, limit.burst_ms() as u64)
}

/// And over connections that come and go; other users don't notice.
pub(super) async fn fixes_are_limited_over_all_gateways(backend: &dyn Backend) {
    let rig = Rig::new(backend, 2).await;
    let burst = FixLimit::default().burst;
    let half = burst / 2;
    assert_eq!(rig.announce_fixes(0, rig.sighting("alice", 0, 1), half).await, Written::Newest);
    assert_eq!(
        rig.announce_fixes(1, rig.sighting("alice", 1, 2), burst - half).await,
        Written::Newest
    );
    // Whoever comes back at a gateway that is new has nothing more.
    let late = Rig::new(backend, 1).await;
    let one_more = late.sighting("alice", 2, 3);
    let (interval_ms, _) = interval_and_burst_ms();
    let limited = late.announce_fixes(0, one_more.clone(), 1).await;
    assert_eq!(limited, Written::Limited { retry_after_ms: interval_ms });
    assert_eq!(late.read_seq(0, "alice").await, Some(2));
    assert_eq!(late.announce_fixes(0, late.sighting("bob", 0, 1), burst).await, Written::Newest);
    backend.clock().advance_ms(interval_ms);
    assert_eq!(late.announce_fixes(0, one_more, 1).await, Written::Newest);
    assert_eq!(rig.read_seq(0, "alice").await, Some(3));
}

/// A `keep` and a sign-off are always taken.
pub(super) async fn what_is_no_news_and_what_is_written_again_cost_nothing(backend: &dyn Backend) {
    let rig = Rig::new(backend, 1).await;
    let burst = FixLimit::default().burst;
    let newest = rig.sighting("alice", 0, 5);
    assert_eq!(rig.announce_fixes(0, newest.clone(), burst - 1).await, Written::Newest);
    for _ in 0..3 {
        let older = rig.sighting("alice", -10, 4);
        assert_eq!(rig.announce_fixes(0, older, burst).await, Written::Older);
        assert_eq!(rig.announce_fixes(0, newest.clone(), burst).await, Written::Newest);
    }
    assert_eq!(rig.announce_fixes(0, rig.sighting("alice", 1, 6), 1).await, Written::Newest);
    let kept = sighting(rig.now(), "alice", 1, 6, 90_000);
    assert_eq!(rig.lives[0].announce(kept, 0).await.expect("announced"), Written::Newest);
    assert_eq!(rig.write(0, rig.sighting("alice", 2, 7)).await, Written::Newest);
    let limited = rig.announce_fixes(0, rig.sighting("alice", 3, 8), 1).await;
    assert!(
        matches!(limited, Written::Limited { .. }),
        "what costs nothing gave it back: {limited:?}"
    );
}

/// Else whoever sends positions of long ago could send any number.
pub(super) async fn a_limit_is_left_in_force_by_positions_that_hold_for_a_moment(
    backend: &dyn Backend,
) {
    let rig = Rig::new(backend, 1).await;
    let (_, burst_ms) = interval_and_burst_ms();
    let burst = FixLimit::default().burst;
    let fleeting = sighting(rig.now(), "alice", 0, 1, 20);
    assert_eq!(rig.announce_fixes(0, fleeting, burst).await, Written::Newest);
    backend.pass_ms(40).await;
    assert_eq!(rig.read_seq(0, "alice").await, None);
    let Written::Limited { retry_after_ms } =
        rig.announce_fixes(0, rig.sighting("alice", 1, 2), burst).await
    else {
        panic!("it could be sent again at once");
    };
    assert!(retry_after_ms + 40 >= burst_ms, "{retry_after_ms}");
}
