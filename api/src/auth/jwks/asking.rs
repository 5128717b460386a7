//! When an issuer may be asked for keys, and which ones it was found not to have.

use std::collections::HashSet;

use model::{Monotonic, RetryAfterMs};

use super::UNKNOWN_KEY_INTERVAL_MS;

/// Of how many keys it is remembered that somebody needs them, and of how many that the issuer hasn't got them. Each is a
/// hash of 8 bytes, whatever tokens call their keys. Of those beyond it isn't remembered: whoever names one is told to come back.
pub(in crate::auth) const SOUGHT_KEYS_MAX: usize = 1_024;

/// When a token may be sent again whose issuer doesn't answer, milliseconds.
const AWAY_RETRY: RetryAfterMs = RetryAfterMs(5_000);

/// What is said of a key that still isn't known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::auth) enum Absence {
    /// The issuer was asked after somebody had named this very key, and hasn't got it.
    Final,
    /// The issuer may be asked for it in so long.
    NotAskedYet(RetryAfterMs),
    /// The issuer doesn't answer.
    Away(RetryAfterMs),
}

impl Absence {
    /// What is said while the issuer doesn't answer.
    pub(super) const AWAY: Self = Self::Away(AWAY_RETRY);
}

/// A key that somebody needs: a keyed hash of what the token says of it.
pub(in crate::auth) type SoughtKey = u64;

/// What whoever needs a key does next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Wait for the next answer, and have the issuer asked if it isn't being asked.
    Wait { ask: bool },
    /// There is nothing to wait for.
    Say(Absence),
}

/// What was asked, and what is to be asked.
#[derive(Debug, Default)]
pub(super) struct Asking {
    /// A question is under way, or about to be.
    is_under_way: bool,
    /// How many questions have begun.
    begun: u64,
    /// When an unknown key was last the reason.
    wanted_at: Option<Monotonic>,
    /// Why the last question brought nothing.
    fault: Option<String>,
    /// Named since the last question began.
    wanted: Names,
    /// Named before the question that is under way began.
    sought: Names,
    /// Named before the last question began that was answered well.
    missing: Names,
}

impl Asking {
    /// Before the first question, which is about to be asked.
    pub(super) fn new() -> Self {
        Self { is_under_way: true, ..Self::default() }
    }

    pub(super) fn fault(&self) -> Option<&String> {
        self.fault.as_ref()
    }

    /// How many questions have begun.
    pub(super) fn begun(&self) -> u64 {
        self.begun
    }

    /// For somebody who needs this key. `since` is how many questions had begun when they first asked; none: now.
    pub(super) fn next(&mut self, key: SoughtKey, since: Option<u64>, now: Monotonic) -> Next {
        if self.is_under_way {
            self.want(key);
            return Next::Wait { ask: false };
        }
        if since.is_some() && self.fault.is_some() {
            return Next::Say(Absence::AWAY);
        }
        if since.is_some_and(|since| self.begun > since) {
            return Next::Say(Absence::Final);
        }
        let since_ms = self.wanted_at.map(|at| now.since_ms(at));
        let rest_ms = since_ms.and_then(|ms| UNKNOWN_KEY_INTERVAL_MS.checked_sub(ms)).unwrap_or(0);
        if rest_ms > 0 {
            return Next::Say(self.absence(key, RetryAfterMs(rest_ms)));
        }
        self.want(key);
        self.wanted_at = Some(now);
        self.is_under_way = true;
        Next::Wait { ask: true }
    }

    /// What is said of it while nobody may ask for so long.
    fn absence(&mut self, key: SoughtKey, rest: RetryAfterMs) -> Absence {
        if self.fault.is_some() {
            self.want(key);
            Absence::AWAY
        } else if self.missing.0.contains(&key) {
            Absence::Final
        } else {
            self.want(key);
            Absence::NotAskedYet(rest)
        }
    }

    fn want(&mut self, key: SoughtKey) {
        self.wanted.take([key]);
    }

    /// A question begins.
    pub(super) fn begin(&mut self) {
        self.is_under_way = true;
        self.begun += 1;
        self.sought = std::mem::take(&mut self.wanted);
    }

    /// It was answered; with keys, unless there is a fault.
    pub(super) fn end(&mut self, fault: Option<String>) {
        self.is_under_way = false;
        let mut sought = std::mem::take(&mut self.sought);
        if fault.is_some() {
            self.wanted.take(sought.0);
        } else {
            // What was missing before was named before too. The newest have the places.
            sought.take(std::mem::take(&mut self.missing).0);
            self.missing = sought;
        }
        self.fault = fault;
    }
}

/// At most [`SOUGHT_KEYS_MAX`] keys.
#[derive(Debug, Default)]
struct Names(HashSet<SoughtKey>);

impl Names {
    /// Takes these, as far as there are places.
    fn take(&mut self, keys: impl IntoIterator<Item = SoughtKey>) {
        for key in keys {
            if self.0.len() >= SOUGHT_KEYS_MAX {
                return;
            }
            self.0.insert(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Next = Next::Wait { ask: false };
    const ASK: Next = Next::Wait { ask: true };
    const FINAL: Next = Next::Say(Absence::Final);

    fn later(ms: u64) -> Next {
        Next::Say(Absence::NotAskedYet(RetryAfterMs(ms)))
    }

    fn at(ms: u64) -> Monotonic {
        Monotonic(1_000_000 + ms)
    }

    /// After the first question.
    fn started() -> Asking {
        let mut asking = Asking::new();
        asking.begin();
        asking.end(None);
        asking
    }

    fn question(asking: &mut Asking) {
        asking.begin();
        asking.end(None);
    }

    #[test]
    fn only_a_key_that_was_looked_for_is_refused_for_good() {
        let mut asking = started();
        assert_eq!(asking.next(1, None, at(0)), ASK);
        let since = Some(asking.begun());
        question(&mut asking);
        assert_eq!(asking.next(1, since, at(0)), FINAL);
        // Whoever else names it needn't ask, and whoever names another is told when they may.
        assert_eq!(asking.next(1, None, at(1)), FINAL);
        assert_eq!(asking.next(2, None, at(1)), later(59_999));
        assert_eq!(asking.next(2, None, at(59_999)), later(1));
        assert_eq!(asking.next(1, None, at(59_999)), FINAL);
        // Then the key is looked for again, whether it was missing or not.
        assert_eq!(asking.next(1, None, at(60_000)), ASK);
        question(&mut asking);
        assert_eq!(asking.next(2, None, at(60_001)), FINAL, "it was named before");
    }

    #[test]
    fn a_question_without_a_reason_looks_for_all_that_were_named_before() {
        let mut asking = started();
        assert_eq!(asking.next(1, None, at(0)), ASK);
        question(&mut asking);
        assert_eq!(asking.next(2, None, at(10)), later(59_990));
        question(&mut asking);
        for key in [1, 2] {
            assert_eq!(asking.next(key, None, at(20)), FINAL, "{key}");
        }
        assert_eq!(asking.next(3, None, at(20)), later(59_980), "it isn't the reason of one");
    }

    #[test]
    fn whoever_comes_while_a_question_is_under_way_isnt_refused_by_its_answer() {
        let mut asking = started();
        assert_eq!(asking.next(1, None, at(0)), ASK);
        assert_eq!(asking.next(2, None, at(1)), WAIT);
        let before = Some(asking.begun());
        asking.begin();
        assert_eq!(asking.next(3, None, at(2)), WAIT);
        assert_eq!(asking.next(1, None, at(2)), WAIT);
        let amid = Some(asking.begun());
        asking.end(None);
        assert_eq!(asking.next(2, before, at(3)), FINAL);
        assert_eq!(asking.next(1, amid, at(3)), FINAL);
        assert_eq!(asking.next(3, amid, at(3)), later(59_997));
        // At the start nobody has been the reason: another question may follow at once.
        let mut asking = Asking::new();
        asking.begin();
        assert_eq!(asking.next(1, None, at(0)), WAIT);
        let amid = Some(asking.begun());
        asking.end(None);
        assert_eq!(asking.next(1, amid, at(0)), ASK);
        question(&mut asking);
        assert_eq!(asking.next(1, amid, at(0)), FINAL);
    }

    #[test]
    fn a_question_that_fails_says_nothing_of_any_key() {
        let mut asking = started();
        assert_eq!(asking.next(1, None, at(0)), ASK);
        question(&mut asking);
        assert_eq!(asking.next(2, None, at(60_000)), ASK);
        let since = Some(asking.begun());
        asking.begin();
        asking.end(Some("away".to_owned()));
        let away = || Next::Say(Absence::AWAY);
        assert_eq!(asking.next(2, since, at(60_001)), away());
        assert_eq!(asking.next(1, None, at(60_001)), away(), "it may be there by now");
        assert_eq!(asking.next(3, None, at(60_002)), away());
        // The next good answer speaks of all of them.
        question(&mut asking);
        for key in [1, 2, 3] {
            assert_eq!(asking.next(key, None, at(60_003)), FINAL, "{key}");
        }
    }

    #[test]
    fn a_flood_of_keys_is_remembered_up_to_a_limit_and_asks_once_a_minute() {
        let mut asking = started();
        let mut asked = 0;
        for ms in 0..200_000 {
            if asking.next(ms, None, at(ms)) == ASK {
                asked += 1;
                question(&mut asking);
            }
            let sizes = [&asking.wanted, &asking.sought, &asking.missing];
            assert!(sizes.iter().all(|names| names.0.len() <= SOUGHT_KEYS_MAX));
        }
        assert_eq!(asked, 4);
        // A key beside the flood is told to come back, and not refused.
        assert_eq!(asking.next(u64::MAX, None, at(200_000)), later(40_000));
        question(&mut asking);
        assert_eq!(asking.next(u64::MAX, None, at(200_001)), later(39_999));
    }
}
