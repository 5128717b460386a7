use model::Metres;

/// The part of the radius that the exit radius lies beyond it, but at least [`EXIT_MARGIN_MIN`].
const EXIT_MARGIN: f64 = 0.1;

/// The least distance between radius and exit radius, metres: more than the jitter of a phone that lies on a table.
const EXIT_MARGIN_MIN: f64 = 20.0;

/// Who is near: within the radius to come in, beyond the exit radius to leave, so that a friend on the edge doesn't
/// flicker.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hysteresis {
    /// Friends come when within this.
    pub enter: Metres,
    /// Friends leave when beyond this.
    pub exit: Metres,
}

impl Hysteresis {
    /// The ring that belongs to a radius.
    pub fn new(radius: Metres) -> Self {
        let margin = (radius.0 * EXIT_MARGIN).max(EXIT_MARGIN_MIN);
        Self { enter: radius, exit: Metres(radius.0 + margin) }
    }

    /// Whether a friend at this distance is in the list, given whether they are in it now.
    pub fn holds(self, distance: Metres, listed: bool) -> bool {
        distance <= if listed { self.exit } else { self.enter }
    }
}

/// A distance as it is shown: whole decimetres.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Decimetres(i64);

impl Decimetres {
    /// Rounds to the nearest.
    pub(crate) fn round(distance: Metres) -> Self {
        Self((distance.0 * 10.0).round() as i64)
    }
}

impl std::fmt::Display for Decimetres {
    /// In metres, with one decimal.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.0 / 10, self.0 % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_radius_is_a_tenth_or_20_m_beyond() {
        assert_eq!(Hysteresis::new(Metres(100.0)).exit, Metres(120.0));
        assert_eq!(Hysteresis::new(Metres(8_000.0)).exit, Metres(8_800.0));
    }

    #[test]
    fn between_the_two_radii_everything_stays_as_it_is() {
        let hysteresis = Hysteresis::new(Metres(1_000.0));
        assert!(
            hysteresis.holds(Metres(1_000.0), false) && hysteresis.holds(Metres(1_100.0), true)
        );
        assert!(
            !hysteresis.holds(Metres(1_000.1), false) && !hysteresis.holds(Metres(1_100.1), true)
        );
    }

    #[test]
    fn distances_are_shown_in_metres_with_one_decimal() {
        let shown = |metres| Decimetres::round(Metres(metres)).to_string();
        assert_eq!(
            [shown(0.0), shown(0.04), shown(12.26), shown(8_047.0)],
            ["0.0", "0.0", "12.3", "8047.0"]
        );
    }
}
