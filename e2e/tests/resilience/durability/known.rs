use std::fmt;

/// What stands between the first and the second user of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pair {
    Nothing,
    /// The first asked the second.
    Asked,
    Friends,
    /// The first blocks the second.
    Blocked,
}

/// The last thing known for sure, and what else it may be if the last request had no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Known<T> {
    pub(crate) sure: T,
    pub(crate) maybe: Option<T>,
}

impl<T: Clone + PartialEq + fmt::Debug> Known<T> {
    pub(crate) fn new(sure: T) -> Self {
        Self { sure, maybe: None }
    }

    /// The outcome of a request that was to make it `wanted`.
    pub(crate) fn wrote(&mut self, wanted: T, acknowledged: bool) {
        if acknowledged {
            *self = Self::new(wanted);
        } else {
            self.maybe = Some(wanted);
        }
    }

    /// What it was found to be after a crash.
    pub(crate) fn found(&mut self, found: T, what: &str) {
        assert!(
            found == self.sure || Some(&found) == self.maybe.as_ref(),
            "{what} is {found:?}, not {self:?}"
        );
        *self = Self::new(found);
    }
}
