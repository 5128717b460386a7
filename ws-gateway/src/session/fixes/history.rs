//! What goes to movement history of what a phone sends, and the acknowledgements that wait for its answers.

use std::collections::VecDeque;

use model::{DeviceId, Fix, Monotonic, Timestamp, Version};

use super::validation::Unshown;
use crate::session::Effect;
use crate::session::messages::{RefusedFix, Reply};

/// How long ago, by its own time, a fix may be that still goes to history, milliseconds: seven days.
pub const HISTORY_AGE_MS_MAX: i64 = 7 * 24 * 60 * 60 * 1_000;

/// Acknowledgements of one session that may wait; with one more, the oldest isn't waited for any longer.
pub const ACKS_WAITING_MAX: usize = 256;

/// How long an acknowledgement waits for history, milliseconds. Then it says what is known without: a client that sends
/// nothing before the last fix is acknowledged must not fall silent for a disk that hangs. It is looked at with the
/// session's other deadlines, so up to `ping_interval_ms` later: a deadline of its own would cost a turn for every fix.
pub const ACK_WAIT_MS_MAX: u64 = 10_000;

model::words! {
    /// What a fix survives: the words in `ack.kept`.
    pub enum Kept {
        /// Nothing: it isn't kept.
        None = "none",
        /// A client's crash: processes hold it in memory.
        Memory = "memory",
        /// A power cut of the server's machine: it is synced to a disk.
        Disk = "disk",
        /// The loss of the server's machine: another one has it on a disk.
        Replicated = "replicated",
    }
}

/// A fix for movement history.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryFix {
    /// Its name among the user's fixes, and its place in their order.
    pub version: Version,
    /// What the phone said.
    pub fix: Fix,
    /// When the gateway got it.
    pub received: Timestamp,
    /// Why nobody is shown it, if so.
    pub unshown: Option<Unshown>,
}

/// The fixes of one message that are to be kept, once the position store has answered.
#[derive(Debug, Default)]
pub(in crate::session) struct Points {
    /// The newest that may be shown, if there is one, is the last.
    fixes: Vec<HistoryFix>,
    /// Fixes that are older than history takes.
    too_old: u32,
    /// Fixes whose time is in the future.
    ahead: u32,
}

impl Points {
    /// One more, in the order sent.
    pub(super) fn add(&mut self, fix: HistoryFix) {
        self.fixes.push(fix);
    }

    /// One that can't be shown as a present position. What is only late goes to history with the time of its phone.
    pub(super) fn add_unbelievable(
        &mut self,
        version: Version,
        fix: Fix,
        received: Timestamp,
        reason: Unshown,
    ) {
        if reason != Unshown::TooOld {
            self.ahead += 1;
        } else if received - version.effective > HISTORY_AGE_MS_MAX {
            self.too_old += 1;
        } else {
            self.add(HistoryFix { version, fix, received, unshown: Some(reason) });
        }
    }

    /// What became of the newest, which was added last.
    pub(super) fn judge_newest(&mut self, unshown: Option<Unshown>) {
        if let Some(newest) = self.fixes.last_mut() {
            newest.unshown = unshown;
        }
    }

    /// Hands them to history; answers whether there were any.
    pub(super) fn hand_in(self, effects: &mut Vec<Effect>) -> bool {
        for (reason, count) in [(Unshown::TooOld, self.too_old), (Unshown::Ahead, self.ahead)] {
            if count > 0 {
                effects.push(Effect::BeyondHistory(reason, count));
            }
        }
        let any = !self.fixes.is_empty();
        if any {
            effects.push(Effect::ToHistory(self.fixes));
        }
        any
    }
}

/// An acknowledgement, but for what history says.
#[derive(Debug)]
pub(super) struct Ack {
    pub(super) device: DeviceId,
    pub(super) seq: u64,
    pub(super) unshown: Option<Unshown>,
    /// Those of its message that can't be taken.
    pub(super) refused: Box<[RefusedFix]>,
}

impl Ack {
    fn send(self, history: Kept, effects: &mut Vec<Effect>) {
        let Self { device, seq, unshown, refused } = self;
        let kept = match (history, unshown) {
            (Kept::Disk | Kept::Replicated, _) => history,
            // The position store has it.
            (_, None) => Kept::Memory,
            // What only this process holds of history may be lost with it, and is nowhere else.
            (_, Some(_)) => Kept::None,
        };
        effects.push(Effect::Send(Reply::Ack { device, seq, kept, unshown, refused }));
    }
}

/// Acknowledgements that wait for history, or for one that does: they are sent in the order of the fixes.
#[derive(Default)]
pub(in crate::session) struct WaitingAcks {
    /// With the time at which history was asked, none if it wasn't. It was for the first.
    queue: VecDeque<(Ack, Option<Monotonic>)>,
}

impl WaitingAcks {
    /// One that needs nothing of history.
    pub(super) fn add(&mut self, ack: Ack, effects: &mut Vec<Effect>) {
        if self.queue.is_empty() {
            ack.send(Kept::None, effects);
        } else {
            self.push(ack, None, effects);
        }
    }

    /// One for whose fixes history was asked now.
    pub(super) fn add_asked(&mut self, ack: Ack, now: Monotonic, effects: &mut Vec<Effect>) {
        self.push(ack, Some(now), effects);
    }

    fn push(&mut self, ack: Ack, asked: Option<Monotonic>, effects: &mut Vec<Effect>) {
        self.queue.push_back((ack, asked));
        if self.queue.len() > ACKS_WAITING_MAX {
            self.give_up(effects);
        }
    }

    /// History has answered for the first.
    pub(in crate::session) fn answered(&mut self, kept: Kept, effects: &mut Vec<Effect>) {
        let Some((first, _)) = self.queue.pop_front() else { return };
        first.send(kept, effects);
        while let Some((known, _)) = self.queue.pop_front_if(|(_, asked)| asked.is_none()) {
            known.send(Kept::None, effects);
        }
        if self.queue.is_empty() {
            // Memory for many isn't kept for the life of a connection.
            self.queue = VecDeque::new();
        }
    }

    /// Sends those that have waited for too long.
    pub(in crate::session) fn give_up_late(&mut self, now: Monotonic, effects: &mut Vec<Effect>) {
        let is_late = |asked: Monotonic| now >= asked.plus_ms(ACK_WAIT_MS_MAX);
        while self.queue.front().is_some_and(|(_, asked)| asked.is_some_and(is_late)) {
            self.give_up(effects);
        }
    }

    fn give_up(&mut self, effects: &mut Vec<Effect>) {
        effects.push(Effect::HistoryIsLate);
        self.answered(Kept::Memory, effects);
    }
}
