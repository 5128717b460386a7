use std::fmt;

use model::{Ecef, Metres, Position, distance};

const MM_PER_M: f64 = 1_000.0;

/// A length in whole millimetres, as distances are compared: the same on every node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Millimetres(pub u64);

impl Millimetres {
    /// To the nearest millimetre.
    pub fn new(metres: Metres) -> Self {
        Self((metres.0 * MM_PER_M).round() as u64)
    }

    /// The same in metres.
    pub fn metres(self) -> f64 {
        self.0 as f64 / MM_PER_M
    }
}

/// All points within a radius of a point, the rim included.
#[derive(Clone, Copy, PartialEq)]
pub struct Circle {
    centre: Position,
    ecef: Ecef,
    radius: Millimetres,
}

/// Says nothing of where: a centre is where somebody is.
impl fmt::Debug for Circle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Circle(hidden, {} m)", self.radius.metres())
    }
}

impl Circle {
    /// The circle around a centre.
    pub fn new(centre: Position, radius: Millimetres) -> Self {
        Self { centre, ecef: centre.into(), radius }
    }

    /// The same centre, another radius.
    #[must_use]
    pub fn with_radius(self, radius: Millimetres) -> Self {
        Self { radius, ..self }
    }

    /// Its middle.
    pub fn centre(&self) -> Position {
        self.centre
    }

    /// Its radius.
    pub fn radius(&self) -> Millimetres {
        self.radius
    }

    /// How far a position is from the centre.
    pub fn distance(&self, position: Position) -> Millimetres {
        Millimetres::new(distance(self.ecef, position.into()))
    }
}
