//! Fewer points that show nearly the same way, for reading; what is stored is never simplified.

mod line;
#[cfg(test)]
mod tests;

use model::Metres;

use super::limits::SIMPLIFY_WINDOW_POINTS;
use super::point::Point;
use line::{Lines, Vertex};

/// How finely a track is wanted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Resolution {
    /// The first and the last point, and in between none sooner than so many milliseconds after the one before.
    Every(i64),
    /// So that no point that is left out is farther than this from the line between its neighbours that are kept.
    Within(Metres),
}

/// Leaves points out of a track while it is read, in either direction.
///
/// It holds a window of the track ([`SIMPLIFY_WINDOW_POINTS`]), or twice the greatest number of points where one is set, and at
/// least two windows; then what is kept comes at the end only. By metres it looks at each point some ten times, and
/// at most as often as a window is long.
#[derive(Debug)]
pub struct Simplifier {
    step: Step,
    few: Option<Few>,
}

#[derive(Debug)]
enum Step {
    All,
    Every { ms: i64, kept: Option<Point>, passed: Option<Point> },
    Within(Lines),
}

/// The points of a track of which only so many are wanted.
#[derive(Debug)]
struct Few {
    points_max: usize,
    held: Vec<Vertex>,
    /// What the next thinning tolerates, and what all so far did.
    tolerance_m: f64,
    tolerated_m: f64,
}

/// The first tolerance by which a track of too many points is thinned; then twice as much each time.
const TOLERANCE_M_MIN: f64 = 1.0;
/// Half way around the Earth: nothing is farther from anything.
const TOLERANCE_M_MAX: f64 = 20_100_000.0;

impl Simplifier {
    /// Keeps all points where neither a resolution nor a greatest number, at least 2, is given.
    pub fn new(resolution: Option<Resolution>, points_max: Option<usize>) -> Self {
        let step = match resolution {
            None => Step::All,
            Some(Resolution::Every(ms)) => Step::Every { ms, kept: None, passed: None },
            Some(Resolution::Within(tolerance)) => Step::Within(Lines::new(tolerance.0)),
        };
        let few = points_max.map(|points_max| Few {
            points_max: points_max.max(2),
            held: Vec::new(),
            tolerance_m: TOLERANCE_M_MIN,
            tolerated_m: 0.0,
        });
        Self { step, few }
    }

    /// Takes the next point of the track, and adds to `kept` what is certain to be kept by now.
    pub fn push(&mut self, point: Point, kept: &mut Vec<Point>) {
        let Some(few) = &mut self.few else { return self.step.push(point, kept) };
        let mut certain = Vec::new();
        self.step.push(point, &mut certain);
        few.push(certain);
    }

    /// Adds the rest of what is kept. Says how far a point that was left out may be from the line, where that was asked by metres
    /// or by number.
    pub fn finish(self, kept: &mut Vec<Point>) -> Option<Metres> {
        let Self { step, few } = self;
        let tolerance_m = match &step {
            Step::Within(lines) => Some(lines.tolerance_m),
            Step::All => Some(0.0),
            Step::Every { .. } => None,
        };
        let Some(mut few) = few else {
            step.finish(kept);
            return tolerance_m.filter(|metres| *metres > 0.0).map(Metres);
        };
        let mut certain = Vec::new();
        step.finish(&mut certain);
        few.push(certain);
        few.thin();
        kept.extend(few.held.into_iter().map(|vertex| vertex.point));
        tolerance_m.map(|metres| Metres(metres + few.tolerated_m))
    }
}

impl Step {
    fn push(&mut self, point: Point, out: &mut Vec<Point>) {
        match self {
            Self::All => out.push(point),
            Self::Within(lines) => lines.push(point, out),
            Self::Every { ms, kept, passed } => {
                let is_due = kept.as_ref().is_none_or(|kept| {
                    (point.effective() - kept.effective()).saturating_abs() >= *ms
                });
                if is_due {
                    *kept = Some(point.clone());
                    *passed = None;
                    out.push(point);
                } else {
                    *passed = Some(point);
                }
            }
        }
    }

    fn finish(self, out: &mut Vec<Point>) {
        match self {
            Self::All => {}
            Self::Within(lines) => lines.finish(out),
            Self::Every { passed, .. } => out.extend(passed),
        }
    }
}

impl Few {
    fn push(&mut self, points: Vec<Point>) {
        self.held.extend(points.into_iter().map(Vertex::from));
        // Each thinning adds to how far the line may be off: few points don't come to one a point.
        if self.held.len() > self.points_max.max(SIMPLIFY_WINDOW_POINTS).saturating_mul(2) {
            self.thin();
        }
    }

    /// Tolerates more and more, until there are few enough.
    fn thin(&mut self) {
        while self.held.len() > self.points_max {
            line::thin(&mut self.held, self.tolerance_m);
            self.tolerated_m = (self.tolerated_m + self.tolerance_m).min(TOLERANCE_M_MAX);
            if self.held.len() <= self.points_max {
                break;
            }
            if self.tolerance_m >= TOLERANCE_M_MAX {
                // Only the ends of windows are left, and these are too many.
                self.halve();
            }
            self.tolerance_m = (self.tolerance_m * 2.0).min(TOLERANCE_M_MAX);
        }
    }

    /// Leaves out every other one between the first and the last.
    fn halve(&mut self) {
        let last = self.held.len() - 1;
        let mut at = 0..;
        self.held.retain(|_| at.next().is_some_and(|at| at % 2 == 0 || at == last));
    }
}
