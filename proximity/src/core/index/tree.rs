use std::ops::Range;

use super::grid::{Point, chord2};

/// Points in a leaf, at most: looking at all of them costs less than descending further. Of more than these there are at
/// least half as many in a leaf, so that boxes take no more than four bytes a point.
const LEAF_MAX: usize = 24;

/// Ours, since libraries keep points apart from what a search reads of them: half of a search's time is waiting for memory.
///
/// A tree of boxes, without pointers, around points that stand in its order. Never changed once it is built.
///
/// Box 1 has all points. The halves of what box `n` has are in `2 n` and `2 n + 1`, and all leaves are equally deep: so a
/// box's place says which points it has.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    points: usize,
    boxes: Box<[Cuboid]>,
    /// Levels below box 1.
    depth: u32,
}

/// The smallest box around some points.
#[derive(Debug, Clone, Copy)]
struct Cuboid {
    low: Point,
    high: Point,
}

/// What a visitor does with the points it is shown.
pub(crate) trait Visitor {
    /// Looks at the points in these places, a few.
    fn visit(&mut self, places: Range<usize>);

    /// The square of the reach: parts farther than this needn't be shown. Must not grow.
    fn reach2(&self) -> f64;

    /// The square of how near all points of a part must be for [`Self::visit_whole`]; of nothing, less than 0.
    fn whole2(&self) -> f64;

    /// Looks at a part instead of each of its points.
    fn visit_whole(&mut self, places: Range<usize>);
}

impl Tree {
    /// Plants a tree around points; with it, the order of its places: where the point of each was among them.
    pub(crate) fn build(points: &[Point]) -> (Self, Vec<u32>) {
        let mut items: Vec<(Point, u32)> = points.iter().copied().zip(0..).collect();
        let depth = points.len().div_ceil(LEAF_MAX).next_power_of_two().ilog2();
        let mut boxes = vec![Cuboid::EMPTY; 2 << depth].into_boxed_slice();
        arrange(&mut items, 1, depth, &mut boxes);
        let order = items.into_iter().map(|(_, from)| from).collect();
        (Self { points: points.len(), boxes, depth }, order)
    }

    /// Shows a visitor at least all points within its reach of `from`, near ones first.
    pub(crate) fn visit(&self, from: Point, visitor: &mut impl Visitor) {
        if self.points > 0 {
            self.visit_part(1, 0..self.points, self.depth, from, visitor);
        }
    }

    /// `depth` is of the levels below `part`.
    fn visit_part(
        &self,
        part: usize,
        places: Range<usize>,
        depth: u32,
        from: Point,
        visitor: &mut impl Visitor,
    ) {
        if depth == 0 {
            return visitor.visit(places);
        }
        let middle = middle(&places);
        let halves = [(2 * part, places.start..middle), (2 * part + 1, middle..places.end)];
        let mut halves =
            halves.map(|(half, places)| (self.boxes[half].nearest2(from), half, places));
        if halves[1].0 < halves[0].0 {
            halves.swap(0, 1);
        }
        for (nearest2, half, places) in halves {
            if nearest2 > visitor.reach2() {
                return;
            }
            if visitor.whole2() >= 0.0 && self.boxes[half].farthest2(from) < visitor.whole2() {
                visitor.visit_whole(places);
            } else {
                self.visit_part(half, places, depth - 1, from, visitor);
            }
        }
    }
}

fn middle(places: &Range<usize>) -> usize {
    places.start + places.len() / 2
}

/// Puts items into the order of the tree, and fills in the boxes of `part` and all below it.
fn arrange(items: &mut [(Point, u32)], part: usize, depth: u32, boxes: &mut [Cuboid]) {
    let around = Cuboid::around(items);
    boxes[part] = around;
    if depth == 0 {
        return;
    }
    let (middle, axis) = (middle(&(0..items.len())), around.widest());
    if middle < items.len() {
        items.select_nth_unstable_by_key(middle, |(point, _)| point[axis]);
    }
    let (before, behind) = items.split_at_mut(middle);
    arrange(before, 2 * part, depth - 1, boxes);
    arrange(behind, 2 * part + 1, depth - 1, boxes);
}

impl Cuboid {
    const EMPTY: Self = Self { low: [i32::MAX; 3], high: [i32::MIN; 3] };

    fn around(items: &[(Point, u32)]) -> Self {
        items.iter().fold(Self::EMPTY, |Self { low, high }, (point, _)| Self {
            low: std::array::from_fn(|axis| low[axis].min(point[axis])),
            high: std::array::from_fn(|axis| high[axis].max(point[axis])),
        })
    }

    fn widest(&self) -> usize {
        let wide = |axis: &usize| i64::from(self.high[*axis]) - i64::from(self.low[*axis]);
        (0..3).max_by_key(wide).unwrap_or_default()
    }

    // Both are made as [`chord2`] is, of numbers none of which is larger, or less: so nothing in the box is nearer, or
    // farther, by a rounding either.

    /// The least that [`chord2`] is of anything in the box.
    fn nearest2(&self, from: Point) -> f64 {
        let nearest = |axis: usize| from[axis].clamp(self.low[axis], self.high[axis]);
        chord2([nearest(0), nearest(1), nearest(2)], from)
    }

    /// The most that it is.
    fn farthest2(&self, from: Point) -> f64 {
        let farthest = |axis: usize| {
            let (low, high) = (self.low[axis], self.high[axis]);
            let is_high =
                i64::from(high) - i64::from(from[axis]) > i64::from(from[axis]) - i64::from(low);
            if is_high { high } else { low }
        };
        chord2([farthest(0), farthest(1), farthest(2)], from)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    struct Within {
        points: Vec<Point>,
        from: Point,
        reach2: f64,
        whole2: f64,
        met: Vec<usize>,
    }

    impl Visitor for Within {
        fn visit(&mut self, places: Range<usize>) {
            let near = |place: &usize| chord2(self.points[*place], self.from) <= self.reach2;
            self.met.extend(places.filter(near));
        }

        fn reach2(&self) -> f64 {
            self.reach2
        }

        fn whole2(&self) -> f64 {
            self.whole2
        }

        fn visit_whole(&mut self, places: Range<usize>) {
            self.met.extend(places);
        }
    }

    proptest! {
        #[test]
        fn every_point_within_reach_is_shown_once(
            points in proptest::collection::vec(
                prop_oneof![[0..20i32, 0..20, 0..3], [-5..5i32, 7..8, 0..1]], 0..600,
            ),
            from in [-5..25i32, -5..25i32, -2..5i32], reach in 0.0..20.0f64, whole in any::<bool>(),
        ) {
            let (tree, order) = Tree::build(&points);
            let reach2 = reach * reach;
            let whole2 = if whole { reach2 } else { -1.0 };
            let ordered = order.iter().map(|from| points[*from as usize]).collect();
            let mut within = Within { points: ordered, from, reach2, whole2, met: Vec::new() };
            tree.visit(from, &mut within);
            let mut met: Vec<usize> = within.met.iter().map(|place| order[*place] as usize).collect();
            met.sort_unstable();
            let near = |n: &usize| chord2(points[*n], from) <= reach2;
            let expected: Vec<usize> = (0..points.len()).filter(near).collect();
            prop_assert_eq!(met, expected);
        }
    }

    #[test]
    fn leaves_are_as_large_as_is_said() {
        for count in [0, 1, 24, 25, 48, 49, 65_087] {
            let (tree, _) = Tree::build(&vec![[1, 2, 3]; count]);
            let leaf = count.div_ceil(1 << tree.depth);
            assert!(leaf <= LEAF_MAX && (tree.depth == 0 || count >> tree.depth >= LEAF_MAX / 2));
            assert!(tree.depth == 0 || size_of_val(&*tree.boxes) <= 4 * count);
        }
    }
}
