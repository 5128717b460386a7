use model::Monotonic;

use super::{Call, Effect};

/// What a session knows not to know: until it was read again, nothing of friends may be told.
#[derive(Default)]
pub(super) struct Stale {
    /// So many readings of the friends are under way or about to start.
    pub(super) circle_reads: u32,
    /// The last reading of the friends failed.
    pub(super) circle_failed: bool,
    /// So many readings of all positions are under way or about to start.
    pub(super) rereads: u32,
    /// The last reading of positions failed.
    pub(super) positions_failed: bool,
    /// When to try again what failed.
    pub(super) retry_at: Option<Monotonic>,
}

impl Stale {
    pub(super) fn holds(&self) -> bool {
        self.circle_reads > 0 || self.circle_failed || self.rereads > 0 || self.positions_failed
    }

    /// Orders a reading, unless one is ordered already that hasn't begun: of two, the second hasn't.
    pub(super) fn read_circle(&mut self, effects: &mut Vec<Effect>) {
        if self.circle_reads < 2 {
            self.circle_reads += 1;
            effects.push(Effect::Call(Call::ReadCircle));
        }
    }

    pub(super) fn reread(&mut self, effects: &mut Vec<Effect>) {
        if self.rereads < 2 {
            self.rereads += 1;
            effects.push(Effect::Call(Call::Reread));
        }
    }
}
