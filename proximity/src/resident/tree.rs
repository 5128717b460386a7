use super::grid::{Point, chord2};

/// Points in a leaf: looking at all of them costs less than descending further.
const LEAF_MAX: usize = 12;

/// A k-d tree without pointers: the middle point of each part stands in its middle, what is less before it, what is greater
/// behind, by the axes in turn. Never changed once it is planted.
#[derive(Debug, Default)]
pub(super) struct Tree {
    points: Box<[Point]>,
}

/// What a visitor does with the points it is shown.
pub(super) trait Visitor {
    /// Looks at the point in a place of the tree, `chord2` off.
    fn visit(&mut self, place: usize, chord2: f64);

    /// The square of the reach: parts farther than this needn't be shown. Must not grow.
    fn reach2(&self) -> f64;
}

impl Tree {
    /// Plants a tree; the items that go with the points are put into its order.
    pub(super) fn plant<T>(mut items: Vec<(Point, T)>) -> (Self, Vec<T>) {
        arrange(&mut items, 0);
        let points = items.iter().map(|(point, _)| *point).collect();
        (Self { points }, items.into_iter().map(|(_, item)| item).collect())
    }

    /// Shows a visitor at least all points within its reach of `from`, near ones first.
    pub(super) fn visit(&self, from: Point, visitor: &mut impl Visitor) {
        self.visit_part(0..self.points.len(), 0, from, [0.0; 3], visitor);
    }

    /// `off` is how far the part lies off at least, on each axis.
    fn visit_part(
        &self,
        part: std::ops::Range<usize>,
        axis: usize,
        from: Point,
        off: [f64; 3],
        visitor: &mut impl Visitor,
    ) {
        if part.len() <= LEAF_MAX {
            for place in part {
                visitor.visit(place, chord2(self.points[place], from));
            }
            return;
        }
        let middle = part.start + part.len() / 2;
        let point = self.points[middle];
        let side = f64::from(from[axis]) - f64::from(point[axis]);
        let (before, behind) = (part.start..middle, middle + 1..part.end);
        let (near, far) = if side <= 0.0 { (before, behind) } else { (behind, before) };
        let next = (axis + 1) % 3;
        self.visit_part(near, next, from, off, visitor);
        visitor.visit(middle, chord2(point, from));
        let mut off = off;
        off[axis] = side;
        if off[0] * off[0] + off[1] * off[1] + off[2] * off[2] <= visitor.reach2() {
            self.visit_part(far, next, from, off, visitor);
        }
    }
}

fn arrange<T>(items: &mut [(Point, T)], axis: usize) {
    if items.len() <= LEAF_MAX {
        return;
    }
    let middle = items.len() / 2;
    let (before, _, behind) = items.select_nth_unstable_by_key(middle, |(point, _)| point[axis]);
    let next = (axis + 1) % 3;
    arrange(before, next);
    arrange(behind, next);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    struct Within {
        reach2: f64,
        met: Vec<usize>,
    }

    impl Visitor for Within {
        fn visit(&mut self, place: usize, chord2: f64) {
            if chord2 <= self.reach2 {
                self.met.push(place);
            }
        }

        fn reach2(&self) -> f64 {
            self.reach2
        }
    }

    proptest! {
        #[test]
        fn every_point_within_reach_is_shown_once(
            points in proptest::collection::vec(
                prop_oneof![[0..20i32, 0..20, 0..3], [-5..5i32, 7..8, 0..1]], 0..300,
            ),
            from in [-5..25i32, -5..25i32, -2..5i32], reach in 0.0..20.0f64,
        ) {
            let items = points.iter().enumerate().map(|(n, point)| (*point, n)).collect();
            let (tree, order) = Tree::plant(items);
            let mut within = Within { reach2: reach * reach, met: Vec::new() };
            tree.visit(from, &mut within);
            let mut met: Vec<usize> = within.met.iter().map(|place| order[*place]).collect();
            met.sort_unstable();
            let near = |n: &usize| chord2(points[*n], from) <= reach * reach;
            let expected: Vec<usize> = (0..points.len()).filter(near).collect();
            prop_assert_eq!(met, expected);
        }
    }
}
