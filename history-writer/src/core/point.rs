mod stored_fix;
mod unshown;

use std::cmp::Ordering;

use model::{Fix, Timestamp, Version};

pub(crate) use stored_fix::DEGREE_E7;
pub use stored_fix::StoredFix;
pub use unshown::Unshown;

/// One fix of a user, as history keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// Its name among the user's points, and its place in their order.
    pub version: Version,
    /// What the phone said.
    pub fix: StoredFix,
    /// When the server got it.
    pub received: Timestamp,
    /// Why nobody was shown it, if so.
    pub unshown: Option<Unshown>,
}

impl Point {
    /// A point of what a phone said, rounded to the units of [`StoredFix`].
    pub fn new(version: Version, fix: &Fix, received: Timestamp, unshown: Option<Unshown>) -> Self {
        Self { version, fix: StoredFix::from(fix), received, unshown }
    }

    /// The time that it belongs to.
    pub fn effective(&self) -> Timestamp {
        self.version.effective
    }

    /// Of two points with one version, whether this one counts: the one that was received last, and where that is equal
    /// the one that was shown, then the greater by content. So whatever is merged with whatever first, the outcome is the
    /// same, also under an [`Erasure`](super::erasure::Erasure), which takes what was received until some moment.
    pub fn prevails_over(&self, other: &Self) -> bool {
        self.rank(other) == Ordering::Greater
    }

    /// Sorts points of one user by their versions, and of those with one version leaves the one that counts.
    pub fn sort_and_deduplicate(points: &mut Vec<Self>) {
        Self::sort_and_deduplicate_by(points, Version::cmp);
    }

    /// The same in another order of versions.
    pub(crate) fn sort_and_deduplicate_by(
        points: &mut Vec<Self>,
        compare: impl Fn(&Version, &Version) -> Ordering,
    ) {
        // As nearly always.
        if points.is_sorted_by(|a, b| compare(&a.version, &b.version) == Ordering::Less) {
            return;
        }
        // What is in a few runs takes one more pass.
        points.sort_by(|a, b| compare(&a.version, &b.version).then_with(|| b.rank(a)));
        points.dedup_by(|later, kept| later.version == kept.version);
    }

    fn rank(&self, other: &Self) -> Ordering {
        let shown_first = |point: &Self| std::cmp::Reverse(point.unshown.map(Unshown::number));
        self.received
            .cmp(&other.received)
            .then_with(|| shown_first(self).cmp(&shown_first(other)))
            .then_with(|| self.fix.cmp(&other.fix))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use model::{DeviceId, Position};
    use proptest::prelude::*;

    use super::*;

    /// A point of a phone that lies around.
    pub(crate) fn point(effective: i64, device: &str, seq: u64, received: i64) -> Point {
        let device = DeviceId::parse(device).expect("a device");
        let version = Version { effective: Timestamp(effective), device, seq };
        let fix = Fix::at(Position::new(37.390_849, -122.086_28).expect("on Earth"));
        Point::new(version, &fix, Timestamp(received), None)
    }

    fn any_point() -> impl Strategy<Value = Point> {
        (0..3i64, "[ab]", 0..2u64, 0..3i64, 0..3i32, 0..4u8).prop_map(
            |(effective, device, seq, received, latitude_e7, reason)| {
                let mut point = point(effective, &device, seq, received);
                point.fix.latitude_e7 = latitude_e7;
                point.unshown = Unshown::from_number(reason);
                point
            },
        )
    }

    proptest! {
        #[test]
        fn of_points_with_one_name_the_same_one_counts_in_any_order(
            (points, shuffled, first) in prop::collection::vec(any_point(), 0..40).prop_flat_map(
                |points| (Just(points.clone()), Just(points).prop_shuffle(), 0..40usize)
            )
        ) {
            let mut at_once = points;
            Point::sort_and_deduplicate(&mut at_once);
            let (mut some, others) = {
                let at = first.min(shuffled.len());
                (shuffled[..at].to_vec(), &shuffled[at..])
            };
            Point::sort_and_deduplicate(&mut some);
            some.extend_from_slice(others);
            Point::sort_and_deduplicate(&mut some);
            prop_assert_eq!(some, at_once);
        }
    }

    #[test]
    fn the_last_receipt_counts_then_what_was_shown() {
        let (early, late) = (point(1, "a", 1, 5), point(1, "a", 1, 6));
        assert!(late.prevails_over(&early) && !early.prevails_over(&late));
        let unshown = Point { unshown: Some(Unshown::Older), ..late.clone() };
        assert!(late.prevails_over(&unshown) && !unshown.prevails_over(&late));
        assert!(!late.prevails_over(&late), "equal ones are one");
    }
}
