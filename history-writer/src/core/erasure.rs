use model::Timestamp;

use super::point::Point;

/// A stretch of effective time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeRange {
    /// The first moment in it.
    pub from: Timestamp,
    /// The first moment behind it; where that isn't later than `from` the range is empty.
    pub to: Timestamp,
}

impl TimeRange {
    /// All of time but its last millisecond.
    pub const ALL: Self = Self { from: Timestamp(i64::MIN), to: Timestamp(i64::MAX) };

    /// Whether a moment lies in it.
    pub fn contains(&self, moment: Timestamp) -> bool {
        self.from <= moment && moment < self.to
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.to <= self.from
    }

    /// The least one with all these moments; an empty one if there are none.
    pub(crate) fn around(moments: impl Iterator<Item = Timestamp> + Clone) -> Self {
        match (moments.clone().min(), moments.max()) {
            (Some(from), Some(last)) => Self { from, to: last.plus_ms(1) },
            _ => Self { from: Self::ALL.from, to: Self::ALL.from },
        }
    }

    /// The least one with all moments of both, neither of which is empty.
    pub(crate) fn with(self, other: Self) -> Self {
        Self { from: self.from.min(other.from), to: self.to.max(other.to) }
    }

    /// Whether there is a moment in both.
    pub(crate) fn overlaps(&self, other: Self) -> bool {
        self.from < other.to && other.from < self.to
    }
}

/// What a person asked to be forgotten: the points of a stretch of time that were received until then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erasure {
    /// The effective times of the points that are gone; [`TimeRange::ALL`] is everything.
    pub range: TimeRange,
    /// What was received at this moment or earlier is gone. What is received later is kept.
    pub erased_at: Timestamp,
}

impl Erasure {
    /// Whether the point is gone.
    pub fn covers(&self, point: &Point) -> bool {
        self.range.contains(point.effective()) && point.received <= self.erased_at
    }
}

/// All erasures of one user, gathered: ranges that touch each other only where they were erased at different moments. Adding
/// one twice, or in another order, comes to the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Erasures {
    /// In the order of time, and apart from each other.
    pieces: Vec<Erasure>,
}

impl Erasures {
    /// No erasures.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the point is gone.
    pub fn cover(&self, point: &Point) -> bool {
        let behind = self.pieces.partition_point(|piece| piece.range.from <= point.effective());
        behind.checked_sub(1).is_some_and(|at| self.pieces[at].covers(point))
    }

    /// Adds an erasure.
    pub fn add(&mut self, added: Erasure) {
        if added.range.is_empty() {
            return;
        }
        let mut pieces = Vec::with_capacity(self.pieces.len() + 2);
        // How far the added one is dealt with.
        let mut at = added.range.from;
        for piece in &self.pieces {
            let TimeRange { from, to } = piece.range;
            let before =
                Erasure { range: TimeRange { from, to: to.min(added.range.from) }, ..*piece };
            let gap = TimeRange { from: at, to: from.min(added.range.to) };
            let shared = TimeRange { from: from.max(at), to: to.min(added.range.to) };
            let after =
                Erasure { range: TimeRange { from: from.max(added.range.to), to }, ..*piece };
            push(&mut pieces, before);
            push(&mut pieces, Erasure { range: gap, ..added });
            let erased_at = piece.erased_at.max(added.erased_at);
            push(&mut pieces, Erasure { range: shared, erased_at });
            push(&mut pieces, after);
            at = at.max(to.min(added.range.to)).max(gap.to.min(added.range.to));
        }
        push(&mut pieces, Erasure { range: TimeRange { from: at, to: added.range.to }, ..added });
        self.pieces = pieces;
    }

    /// The erasures, in the order of time.
    pub fn iter(&self) -> impl Iterator<Item = &Erasure> {
        self.pieces.iter()
    }
}

impl FromIterator<Erasure> for Erasures {
    fn from_iter<I: IntoIterator<Item = Erasure>>(erasures: I) -> Self {
        let mut all = Self::new();
        erasures.into_iter().for_each(|erasure| all.add(erasure));
        all
    }
}

/// Puts a piece behind those that are there, as one with the last if they touch and were erased at the same moment.
fn push(pieces: &mut Vec<Erasure>, piece: Erasure) {
    if piece.range.is_empty() {
        return;
    }
    match pieces.last_mut() {
        Some(last) if last.range.to == piece.range.from && last.erased_at == piece.erased_at => {
            last.range.to = piece.range.to;
        }
        _ => pieces.push(piece),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::core::point::tests::point;

    fn erasure(from: i64, to: i64, erased_at: i64) -> Erasure {
        let range = TimeRange { from: Timestamp(from), to: Timestamp(to) };
        Erasure { range, erased_at: Timestamp(erased_at) }
    }

    #[test]
    fn what_was_received_until_then_is_gone_and_later_points_are_kept() {
        let erasure = erasure(10, 20, 100);
        for (effective, received, is_gone) in
            [(10, 100, true), (19, 5, true), (9, 100, false), (20, 100, false), (15, 101, false)]
        {
            assert_eq!(erasure.covers(&point(effective, "a", 1, received)), is_gone, "{effective}");
        }
        let all = Erasure { range: TimeRange::ALL, erased_at: Timestamp(100) };
        assert!(all.covers(&point(i64::MIN, "a", 1, 100)) && !all.covers(&point(0, "a", 1, 101)));
    }

    fn any_erasure() -> impl Strategy<Value = Erasure> {
        let bound = || prop_oneof![8 => 0..12i64, 1 => Just(i64::MIN), 1 => Just(i64::MAX)];
        (bound(), bound(), 0..5i64).prop_map(|(from, to, at)| erasure(from, to, at))
    }

    proptest! {
        #[test]
        fn gathered_they_cover_what_any_of_them_covers(
            (given, shuffled) in prop::collection::vec(any_erasure(), 0..12)
                .prop_flat_map(|given| (Just(given.clone()), Just(given).prop_shuffle())),
        ) {
            let gathered: Erasures = given.iter().copied().collect();
            for effective in -1..13 {
                for received in 0..6 {
                    let point = point(effective, "a", 1, received);
                    let is_gone = given.iter().any(|erasure| erasure.covers(&point));
                    prop_assert_eq!(gathered.cover(&point), is_gone, "{} {}", effective, received);
                }
            }
            let ranges: Vec<_> = gathered.iter().map(|piece| piece.range).collect();
            prop_assert!(ranges.windows(2).all(|pair| pair[0].to <= pair[1].from));
            prop_assert!(ranges.len() <= 2 * given.len() + 1);
            let twice: Erasures = shuffled.iter().chain(&given).copied().collect();
            prop_assert_eq!(twice, gathered);
        }
    }
}
