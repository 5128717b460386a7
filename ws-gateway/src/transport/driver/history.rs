//! Fixes on their way to movement history, and its answers, which acknowledgements wait for.

use std::collections::VecDeque;
use std::future::ready;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use model::Monotonic;

use super::Driver;
use crate::session::Input;
use crate::session::fixes::history::{HistoryFix, Kept};

/// When history was asked, and its answer. The session bounds how many of these there are.
pub(super) type Asked = (Monotonic, BoxFuture<'static, Kept>);

impl Driver {
    pub(super) fn ask_history(&mut self, fixes: Vec<HistoryFix>) {
        let gateway = &self.permit.gateway;
        let answer = match (&gateway.deps.history, self.session.user()) {
            (Some(history), Some(user)) => history.keep(user, fixes),
            _ => Box::pin(ready(Kept::None)),
        };
        self.history.push_back((gateway.now().monotonic, answer));
    }

    /// The first answer isn't awaited any more. The fixes were handed in.
    pub(super) fn leave_history(&mut self) {
        if self.history.pop_front().is_some() {
            self.gateway().metrics.history_late.increment(1);
        }
    }

    /// Takes the answers that are there, in the order in which they were asked for: only the first is looked for. `false`
    /// if there is none, and the waker will be woken for the next.
    pub(super) fn hear_history(&mut self, cx: &mut Context<'_>) -> bool {
        let Some((asked, answer)) = self.history.front_mut() else { return false };
        let Poll::Ready(kept) = answer.as_mut().poll(cx) else { return false };
        let asked = *asked;
        self.history.pop_front();
        if self.history.is_empty() {
            // Memory for many isn't kept for the life of a connection.
            self.history = VecDeque::new();
        }
        let gateway = self.gateway();
        gateway.metrics.history_answer(gateway.now().monotonic.since_ms(asked));
        self.input(Input::Kept(kept));
        true
    }
}
