//! Which cells a circle needs: found on a sphere that is a little too large, cell by cell, halving those on the rim.

mod bounds;

use crate::core::geo::cell::{CODE_BITS, Range};
use crate::core::geo::circle::{Circle, Millimetres};
use bounds::{Bounds, Side};

/// The most cells that a cover is made of; a half to all of it, usually.
const CELLS_MAX: usize = 48;
/// The most ranges to scan: close ones are merged, with the gap between them.
const RANGES_MAX: usize = 10;
/// The same of circles with a hole, which is filled by larger cells and fewer ranges.
const RING_CELLS_MAX: usize = 160;
const RING_RANGES_MAX: usize = 32;
/// The most cells for counting: the more, the fewer rows lie on the rim.
const COUNT_CELLS_MAX: usize = 384;

/// Ranges that hold every point of a circle, and not much else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SplitCover {
    /// Wholly within the circle: rows in them needn't be looked at.
    pub(crate) inner: Vec<Range>,
    /// On its rim.
    pub(crate) rim: Vec<Range>,
}

/// Ranges of codes, in order, that hold every point of the circle, except perhaps those nearer than `beyond`: about ten
/// for a whole circle, up to three times as many for a ring.
pub(crate) fn cover(circle: &Circle, beyond: Millimetres) -> Vec<Range> {
    let (cells_max, ranges_max) = match beyond {
        Millimetres(0) => (CELLS_MAX, RANGES_MAX),
        _ => (RING_CELLS_MAX, RING_RANGES_MAX),
    };
    let Cells { inner, rim, bits } = divide(&Bounds::new(circle, beyond), cells_max);
    let rim = rim.into_iter().map(|cell| Range::of_prefix(cell.prefix, bits));
    let mut ranges: Vec<Range> = inner.into_iter().chain(rim).collect();
    join_neighbours(&mut ranges);
    close_gaps(&mut ranges, ranges_max);
    ranges
}

/// The circle in many small pieces, for counting.
pub(crate) fn parts(circle: &Circle) -> SplitCover {
    let Cells { mut inner, rim, bits } =
        divide(&Bounds::new(circle, Millimetres(0)), COUNT_CELLS_MAX);
    let mut rim = rim.into_iter().map(|cell| Range::of_prefix(cell.prefix, bits)).collect();
    join_neighbours(&mut inner);
    join_neighbours(&mut rim);
    SplitCover { inner, rim }
}

struct Cells {
    inner: Vec<Range>,
    rim: Vec<Cell>,
    /// Of all cells on the rim.
    bits: u32,
}

/// A cell of some number of bits: every other one, beginning with the first, is of the longitude.
#[derive(Clone, Copy)]
struct Cell {
    prefix: u64,
    x: u32,
    y: u32,
}

impl Cell {
    /// Its two halves; a cell of an even number of bits is split in longitude.
    fn halves(self, bits: u32) -> [Self; 2] {
        let Self { prefix, x, y } = self;
        [0, 1].map(|half| {
            let (x, y) =
                if bits.is_multiple_of(2) { (x << 1 | half, y) } else { (x, y << 1 | half) };
            Self { prefix: prefix << 1 | u64::from(half), x, y }
        })
    }
}

fn divide(bounds: &Bounds, cells_max: usize) -> Cells {
    let mut cells = Cells { inner: Vec::new(), rim: Vec::new(), bits: 0 };
    cells.bits = bounds.first_bits();
    for (x, y) in bounds.first_cells(cells.bits) {
        sort(Cell { prefix: interleave(x, y, cells.bits), x, y }, cells.bits, bounds, &mut cells);
    }
    while cells.bits < CODE_BITS && !cells.rim.is_empty() {
        let bits = cells.bits + 1;
        let mut next = Cells { inner: cells.inner.clone(), rim: Vec::new(), bits };
        for cell in &cells.rim {
            for half in cell.halves(cells.bits) {
                sort(half, bits, bounds, &mut next);
            }
        }
        if next.inner.len() + next.rim.len() > cells_max {
            break;
        }
        cells = next;
    }
    cells
}

fn sort(cell: Cell, bits: u32, bounds: &Bounds, cells: &mut Cells) {
    match bounds.side(cell.x, cell.y, bits) {
        Side::Outside => {}
        Side::Inside => cells.inner.push(Range::of_prefix(cell.prefix, bits)),
        Side::Rim => cells.rim.push(cell),
    }
}

/// The first `bits` bits of the codes in a cell.
fn interleave(x: u32, y: u32, bits: u32) -> u64 {
    let (mut x_left, mut y_left) = (bits.div_ceil(2), bits / 2);
    (0..bits).fold(0, |prefix, bit| {
        let (axis, left) = if bit % 2 == 0 { (x, &mut x_left) } else { (y, &mut y_left) };
        *left -= 1;
        prefix << 1 | u64::from(axis >> *left & 1)
    })
}

fn join_neighbours(ranges: &mut Vec<Range>) {
    ranges.sort_unstable();
    ranges.dedup_by(|later, earlier| {
        let joined = earlier.gap(later) == 0;
        if joined {
            earlier.last = later.last;
        }
        joined
    });
}

/// Merges those that are closest until there are few enough: what lies between costs less than one more descent.
fn close_gaps(ranges: &mut Vec<Range>, ranges_max: usize) {
    if ranges.len() <= ranges_max {
        return;
    }
    let gaps = ranges.windows(2).map(|pair| pair[0].gap(&pair[1]));
    let mut gaps: Vec<(u64, usize)> = gaps.enumerate().map(|(at, gap)| (gap, at)).collect();
    let closed = ranges.len() - ranges_max;
    gaps.select_nth_unstable(closed);
    let mut open: Vec<usize> = gaps[closed..].iter().map(|(_, at)| *at).collect();
    open.sort_unstable();
    // Each merged range begins behind a gap that stays open, and ends before the next.
    let firsts = std::iter::once(0).chain(open.iter().map(|at| at + 1));
    let lasts = open.iter().copied().chain([ranges.len() - 1]);
    *ranges = firsts
        .zip(lasts)
        .map(|(first, last)| Range { first: ranges[first].first, last: ranges[last].last })
        .collect();
}

#[cfg(test)]
mod tests;
