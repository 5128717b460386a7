/// What a client can be told of the server's own accord, the most urgent first. From [`Due::Position`] on all of it may be
/// about friends, or has to come after that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::session) enum Due {
    /// This server goes away.
    Drain,
    /// Something may have been missed.
    Gap,
    /// The client reads too slowly, or fast enough again. Whether it is due, [`super::slow_consumer`] knows.
    SlowConsumer,
    /// The user looks farther, or less far.
    Radius,
    /// The client's own position has expired.
    Unlocated,
    /// Another connection has set the client's own position.
    Position,
    /// All who are near, or what is left of them.
    Snapshot,
    /// What friends did since. Whether it is due, the view knows.
    Push,
    /// What friends in the list are called. Whether it is due, the view knows.
    Names,
    /// How somebody stands to the user has changed. Whether it is due, the relations know.
    Relations,
    /// How often to report may have changed.
    ReportingHint,
    /// What boards show. Whether it is due, they know.
    Boards,
    /// The answer to a ping.
    Pong,
}

impl Due {
    pub(super) const ALL: [Self; 13] = [
        Self::Drain,
        Self::Gap,
        Self::SlowConsumer,
        Self::Radius,
        Self::Unlocated,
        Self::Position,
        Self::Snapshot,
        Self::Push,
        Self::Names,
        Self::Relations,
        Self::ReportingHint,
        Self::Boards,
        Self::Pong,
    ];
}

/// A set of what is due.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::session) struct DueSet(u16);

impl DueSet {
    /// All of it, the most urgent first.
    pub(super) fn iter(self) -> impl Iterator<Item = Due> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let due = Due::ALL.get(left.trailing_zeros() as usize)?;
            left &= left - 1;
            Some(*due)
        })
    }

    pub(in crate::session) fn contains(self, due: Due) -> bool {
        self.0 & 1 << due as u16 != 0
    }

    pub(in crate::session) fn insert(&mut self, due: Due) {
        self.0 |= 1 << due as u16;
    }

    pub(in crate::session) fn set(&mut self, due: Due, is_due: bool) {
        self.0 = self.0 & !(1 << due as u16) | u16::from(is_due) << due as u16;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_gives_the_most_urgent_first() {
        let mut all = DueSet::default();
        assert_eq!(all.iter().next(), None);
        for (n, due) in Due::ALL.into_iter().enumerate().rev() {
            assert_eq!(due as usize, n);
            all.insert(due);
            assert_eq!(all.iter().next(), Some(due));
        }
        assert!(all.iter().eq(Due::ALL));
        all.set(Due::Push, false);
        assert!(all.iter().eq(Due::ALL.into_iter().filter(|due| *due != Due::Push)));
    }
}
