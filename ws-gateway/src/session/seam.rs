//! Where tests step in: pauses in the middle of a turn, and faults that were real once and are planted again, to see that
//! the tests find them. Nothing of it is in the product: there each of these is an empty function.

/// A fault of before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Planted {
    /// A slot is given away while the channel of whom it was before still reports under it.
    SlotGivenAway,
    /// A timer that is armed isn't armed anew for a position that holds shorter.
    TimerKept,
    /// What is noticed and what is dirty are taken one after the other.
    TakenApart,
}

#[cfg(not(test))]
mod product {
    use super::Planted;

    /// Something may happen here, between two steps of one turn.
    #[inline]
    pub(crate) fn pause() {}

    /// Whether a test has planted this fault.
    #[inline]
    pub(crate) const fn planted(_: Planted) -> bool {
        false
    }
}

#[cfg(test)]
pub(crate) use crate::world::stepping::{at_next_pause, pause, plant, planted, take_next};
#[cfg(not(test))]
pub(crate) use product::{pause, planted};
