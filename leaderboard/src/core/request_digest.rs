use model::{Canonical, CanonicalDigest};

use crate::core::event::{Amount, ScoreEvent};

/// The version of the form in which events are compared; see [`Canonical`].
const VERSION: u8 = 1;

/// What an event is compared by: all of it but its producer and key, which it is found by.
pub(crate) fn digest(event: &ScoreEvent) -> CanonicalDigest {
    let mut form = Canonical::new("leaderboard.event");
    if let Some(happened) = event.happened {
        form.number(1, happened.0 as u64);
    }
    for change in &event.changes {
        form.nested(2, |form| {
            form.text(1, change.board.as_str());
            form.text(2, change.user.as_str());
            match change.amount {
                Amount::Delta(delta) => form.number(3, delta as u64),
                Amount::Score(score) => form.number(4, score as u64),
            }
        });
    }
    form.digest(VERSION)
}
