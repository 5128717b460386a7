//! Marks that a store may not have made durable yet.

use std::collections::VecDeque;

use model::Monotonic;

/// How many marks wait to become certain, at most and about. Those between are passed over.
const WAITING_MAX: u64 = 64;

/// The marks that aren't certain yet.
#[derive(Debug, Default)]
pub(super) struct UncertainMarks {
    /// When marks were told that are to become durable, oldest first.
    marks: VecDeque<(Monotonic, u64)>,
}

impl UncertainMarks {
    /// Takes the highest mark that was told; answers with the one that is to become durable now, if one is.
    pub(super) fn tell(
        &mut self,
        told: u64,
        durable: u64,
        now: Monotonic,
        after_ms: u64,
    ) -> Option<u64> {
        let apart_ms = after_ms / WAITING_MAX;
        let (last, is_apart) = match self.marks.back() {
            Some((since, last)) => (*last, now.since_ms(*since) >= apart_ms),
            None => (durable, true),
        };
        if told > last && is_apart {
            self.marks.push_back((now, told));
        }
        let mut certain = None;
        while let Some((since, mark)) = self.marks.front().copied()
            && now.since_ms(since) >= after_ms
        {
            certain = Some(mark);
            self.marks.pop_front();
        }
        certain
    }

    /// Takes all of them back.
    pub(super) fn clear(&mut self) {
        self.marks.clear();
    }
}
