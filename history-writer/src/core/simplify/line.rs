//! The algorithm of Ramer, Douglas and Peucker, without recursion, in windows.

use model::{Ecef, distance_to_line};

use crate::core::limits::SIMPLIFY_WINDOW_POINTS;
use crate::core::point::Point;

/// A point and where it is.
#[derive(Debug, Clone)]
pub(super) struct Vertex {
    pub(super) point: Point,
    ecef: Ecef,
}

impl From<Point> for Vertex {
    fn from(point: Point) -> Self {
        Self { ecef: Ecef::from(point.fix.position()), point }
    }
}

/// A track that is simplified while it is read.
#[derive(Debug)]
pub(super) struct Lines {
    pub(super) tolerance_m: f64,
    /// Begins with the last point that was kept.
    window: Vec<Vertex>,
}

impl Lines {
    pub(super) fn new(tolerance_m: f64) -> Self {
        Self { tolerance_m, window: Vec::new() }
    }

    pub(super) fn push(&mut self, point: Point, kept: &mut Vec<Point>) {
        self.window.push(Vertex::from(point));
        if self.window.len() >= SIMPLIFY_WINDOW_POINTS {
            thin(&mut self.window, self.tolerance_m);
            // The last one is where the next window begins.
            let last = self.window.pop();
            kept.extend(self.window.drain(..).map(|vertex| vertex.point));
            self.window.extend(last);
        }
    }

    pub(super) fn finish(mut self, kept: &mut Vec<Point>) {
        thin(&mut self.window, self.tolerance_m);
        kept.extend(self.window.into_iter().map(|vertex| vertex.point));
    }
}

/// Leaves out vertices so that none is farther than the tolerance from the line between its neighbours. Looks at windows of
/// [`SIMPLIFY_WINDOW_POINTS`], the ends of which are kept.
pub(super) fn thin(vertices: &mut Vec<Vertex>, tolerance_m: f64) {
    let mut is_kept = vec![false; vertices.len()];
    let mut parts = Vec::new();
    let mut from = 0;
    while from < vertices.len() {
        let to = (from + SIMPLIFY_WINDOW_POINTS - 1).min(vertices.len() - 1);
        (is_kept[from], is_kept[to]) = (true, true);
        parts.push((from, to));
        while let Some((from, to)) = parts.pop() {
            let Some(farthest) = beyond(&vertices[from..=to], tolerance_m) else { continue };
            is_kept[from + farthest] = true;
            parts.push((from, from + farthest));
            parts.push((from + farthest, to));
        }
        if to == vertices.len() - 1 {
            break;
        }
        from = to;
    }
    let mut is_kept = is_kept.into_iter();
    vertices.retain(|_| is_kept.next().unwrap_or(true));
}

/// Which of these is the farthest from the line between the first and the last, if that is beyond the tolerance.
fn beyond(vertices: &[Vertex], tolerance_m: f64) -> Option<usize> {
    let [first, between @ .., last] = vertices else { return None };
    let mut farthest = None;
    let mut most_m = tolerance_m;
    for (vertex, at) in between.iter().zip(1..) {
        let metres = distance_to_line(vertex.ecef, first.ecef, last.ecef).0;
        if metres > most_m {
            most_m = metres;
            farthest = Some(at);
        }
    }
    farthest
}
