//! Ours, since timers of a runtime cost an allocation each and read its clock: here a session's ticks and pings cost a place in
//! a list, and tests move the time.

use model::Monotonic;

/// How many slots a turn has. With 2 ms a slot one turn is 8 s; what is due later waits some turns in its slot.
const SLOTS: usize = 4096;

/// A hashed timer wheel (G. Varghese, T. Lauck, Hashed and hierarchical timing wheels, 1987): many deadlines, few of
/// which are looked at in each step. What may wait for long is cancelled when it doesn't matter any more; whoever takes
/// an item all the same checks whether it does.
pub(crate) struct Wheel<T> {
    slot_ms: u64,
    slots: Vec<Vec<(Monotonic, T)>>,
    /// The slot up to which everything was handed out, counted from the clock's start.
    reached: u64,
}

/// Where an item waits; good for cancelling it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimerKey {
    pub(crate) deadline: Monotonic,
    slot: u64,
}

impl<T> Wheel<T> {
    pub(crate) fn new(slot_ms: u64) -> Self {
        let slots = (0..SLOTS).map(|_| Vec::new()).collect();
        Self { slot_ms: slot_ms.max(1), slots, reached: 0 }
    }

    /// Hands the item out in the first step at or after `deadline`.
    pub(crate) fn insert(&mut self, deadline: Monotonic, item: T) -> TimerKey {
        let slot = deadline.0.div_ceil(self.slot_ms).max(self.reached + 1);
        self.slots[slot as usize % SLOTS].push((deadline, item));
        TimerKey { deadline, slot }
    }

    /// Takes back an item that waits at this place, if it still does: one of those that share its slot, a few hundred
    /// where a million wait.
    pub(crate) fn cancel(&mut self, key: TimerKey, is_it: impl Fn(&T) -> bool) {
        let entries = &mut self.slots[key.slot as usize % SLOTS];
        let found = entries.iter().position(|(at, item)| *at == key.deadline && is_it(item));
        if let Some(index) = found {
            entries.swap_remove(index);
            if entries.capacity() > 2 * entries.len() {
                entries.shrink_to_fit();
            }
        }
    }

    /// How many items wait.
    pub(crate) fn len(&self) -> usize {
        self.slots.iter().map(Vec::len).sum()
    }

    /// Moves on to `now`; answers what is due.
    pub(crate) fn advance(&mut self, now: Monotonic) -> Vec<T> {
        let mut due = Vec::new();
        let target = now.0 / self.slot_ms;
        let first = (self.reached + 1).max(target.saturating_sub(SLOTS as u64 - 1));
        for slot in first..=target {
            let entries = &mut self.slots[slot as usize % SLOTS];
            due.extend(
                entries.extract_if(.., |(deadline, _)| *deadline <= now).map(|(_, item)| item),
            );
            // Else every slot would in time keep room for the greatest crowd that ever met in it; few are ever empty, since
            // what is due in ten minutes lies here too.
            entries.shrink_to_fit();
        }
        self.reached = self.reached.max(target);
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_item_comes_once_and_in_the_first_step_at_or_after_its_deadline(
            deadlines in proptest::collection::vec(0u64..100_000, 1..200),
            steps in proptest::collection::vec(1u64..9_000, 1..60),
        ) {
            let mut wheel = Wheel::new(5);
            for (item, deadline) in deadlines.iter().enumerate() {
                wheel.insert(Monotonic(*deadline), item);
            }
            let (mut now, mut before) = (0, 0);
            let mut seen = vec![false; deadlines.len()];
            for step in steps.into_iter().chain([200_000]) {
                now += step;
                let due = wheel.advance(Monotonic(now));
                for item in due {
                    prop_assert!(!std::mem::replace(&mut seen[item], true), "twice");
                    prop_assert!(deadlines[item] <= now);
                    // A step that ends inside a slot may leave the rest of that slot to the next.
                    prop_assert!(deadlines[item] + 5 > before, "late");
                }
                before = now;
            }
            prop_assert!(seen.iter().all(|s| *s));
        }
    }

    #[test]
    fn what_is_cancelled_never_comes_and_the_rest_does() {
        let mut wheel = Wheel::new(5);
        let keys: Vec<_> = (0..50_u64).map(|n| wheel.insert(Monotonic(100 + n % 7), n)).collect();
        for n in (0..50).filter(|n| n % 3 == 0) {
            wheel.cancel(keys[n as usize], |item| *item == n);
            wheel.cancel(keys[n as usize], |item| *item == n);
        }
        assert_eq!(wheel.len(), 33);
        let mut due = wheel.advance(Monotonic(1_000));
        due.sort_unstable();
        assert!(due.into_iter().eq((0..50).filter(|n| n % 3 != 0)));
    }

    #[test]
    fn what_is_inserted_late_comes_in_the_next_step() {
        let mut wheel = Wheel::new(5);
        assert!(wheel.advance(Monotonic(1_000)).is_empty());
        wheel.insert(Monotonic(3), "late");
        assert_eq!(wheel.advance(Monotonic(1_005)), ["late"]);
    }
}
