//! What others leave for a session to do.

use super::Driver;
use crate::session::Input;
use crate::session::signals::Signals;

impl Driver {
    pub(super) fn signalled(&mut self, signals: Option<Box<Signals>>) {
        let Some(signals) = signals else { return };
        let mut signals = *signals;
        signals.keys &= self.key_is_gone();
        if signals == Signals::default() {
            return;
        }
        if signals.crowded_out {
            return self.crowded_out();
        }
        if signals.timer {
            let now = self.gateway().now().monotonic;
            for armed in &mut self.armed {
                *armed = armed.filter(|key| key.deadline > now);
            }
        }
        if signals.gap {
            self.session.set_epoch(self.gateway().live.epoch());
        }
        let in_ms = match (signals.drain, signals.keys) {
            (true, _) => self.gateway().drain_in_ms(),
            (false, true) => self.gateway().close_in_ms(),
            (false, false) => 0,
        };
        self.input(Input::Signals(signals, in_ms));
    }
}
