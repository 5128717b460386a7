//! Readers that stop reading: what they cost, and whom else it concerns.
//!
//! Many people move before the eyes of watchers, some of whom stop reading, with small receive buffers. How much they
//! would have been sent is measured at watchers of the same people who read on. `WHEREABOUTS_LONG=1` makes everything
//! larger.

mod bounds;
mod movers;
mod watchers;
