/// What may happen next.
#[derive(Debug, Clone, Copy)]
pub(super) enum Happening {
    /// A reading or a writing goes a step on.
    Outside,
    /// A subscription takes effect.
    Subscribed,
    /// A gateway gets what the bus has for it next.
    Delivered,
    /// A session has its turn.
    Turn,
    /// Somebody sends a fix, perhaps a late one.
    Fix,
    /// Somebody asks for a change of a circle.
    Asked,
    /// Such a change goes a step on.
    Advanced,
    /// Time passes.
    Time,
    /// Somebody says that they are still there, or signs off.
    Word,
    /// In the middle of the next turn of a session a friendship ends.
    Pause,
    /// Somebody reconnects or doesn't read any more, there is a gap, a gateway drains.
    Disturbance,
    /// All that is under way comes to its end.
    Quiet,
}

/// How likely each is.
pub(super) struct Theme(&'static [(Happening, usize)]);

/// Circles change while everything is under way; silence comes to its end in many ways; a bit of all.
pub(super) const THEMES: [Theme; 3] = [
    Theme(&[
        (Happening::Outside, 5),
        (Happening::Subscribed, 2),
        (Happening::Delivered, 2),
        (Happening::Turn, 6),
        (Happening::Fix, 4),
        (Happening::Asked, 4),
        (Happening::Advanced, 5),
        (Happening::Pause, 1),
    ]),
    Theme(&[
        (Happening::Turn, 3),
        (Happening::Fix, 4),
        (Happening::Time, 4),
        (Happening::Word, 4),
        (Happening::Disturbance, 1),
        (Happening::Asked, 1),
        (Happening::Quiet, 6),
    ]),
    Theme(&[
        (Happening::Outside, 4),
        (Happening::Subscribed, 2),
        (Happening::Delivered, 3),
        (Happening::Turn, 4),
        (Happening::Fix, 3),
        (Happening::Asked, 2),
        (Happening::Advanced, 2),
        (Happening::Time, 1),
        (Happening::Word, 1),
        (Happening::Pause, 1),
        (Happening::Disturbance, 1),
    ]),
];

impl Theme {
    /// One of them, by a draw of numbers below another.
    pub(super) fn draw(&self, below: &dyn Fn(usize) -> usize) -> Happening {
        let total = self.0.iter().map(|(_, weight)| weight).sum();
        let mut left = below(total);
        for (happening, weight) in self.0 {
            if left < *weight {
                return *happening;
            }
            left -= weight;
        }
        Happening::Turn
    }
}
