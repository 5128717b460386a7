//! How a connection ends.

use super::{Driver, Out, Running};
use crate::fanout::hub::Due;
use crate::metrics::Metrics;
use crate::session::messages::CloseCode;

/// How long a client may take to answer a close.
const CLOSE_ANSWER_MS: u64 = 1_000;

const CROWDED_OUT: &str = "too many connections that haven't authenticated";

impl Driver {
    /// The client closes; the library answers.
    pub(crate) fn closed_by_client(&mut self) {
        self.out.clear();
        self.close();
    }

    /// The client can't be understood, and is told so.
    pub(crate) fn closed_by_fault(&mut self, code: CloseCode) {
        Metrics::closed(code);
        self.out.clear();
        self.close();
    }

    /// Somebody else has the place of this connection, which hasn't authenticated: it says so and is gone, without waiting for an
    /// answer, so that no number of such connections counts.
    pub(super) fn crowded_out(&mut self) {
        if self.closed.is_some() {
            return;
        }
        Metrics::closed(CloseCode::TryAgainLater);
        self.close();
        self.closed = Some(self.gateway().now().monotonic);
        self.out.clear();
        self.out.push_back(Out::Close(CloseCode::TryAgainLater, CROWDED_OUT.to_owned()));
    }

    pub(super) fn close(&mut self) {
        let until = self.gateway().now().monotonic.plus_ms(CLOSE_ANSWER_MS);
        self.closed = Some(until);
        self.effects.clear();
        self.running = Running::default();
        self.lanes.clear();
        self.history.clear();
        self.gateway().timers.lock().insert(until, Due::Wake(self.permit.mailbox.clone()));
    }

    /// Whether a close wasn't answered in time, or could never be written.
    pub(crate) fn gave_up(&self) -> bool {
        self.closed.is_some_and(|until| self.gateway().now().monotonic >= until)
    }
}
