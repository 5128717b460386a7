use model::{FeedPosition, ReadToken, UserId, ViewerClass};

/// The most changes that are read in one call.
pub const CHANGES_MAX: usize = 1_000;

/// How long a change stays in the feed at least, milliseconds. Whoever hasn't followed for longer reads circles anew.
pub const CHANGE_AGE_MS_MAX: i64 = 60 * 60 * 1_000;

/// What a change makes of a circle. Applying one twice, or one that the circle has already, does no harm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CircleEdit {
    /// How two users see each other from now on.
    Pair {
        /// The one with the smaller id.
        low: UserId,
        /// The one with the greater id.
        high: UserId,
        /// How precisely; `None` if they no longer see each other.
        class: Option<ViewerClass>,
    },
    /// How far a user looks from now on.
    Radius {
        /// The user.
        user: UserId,
        /// What they chose, metres; `None` for the deployment's radius.
        radius_m: Option<u32>,
    },
    /// What `user` is shown of how they stand to `other` has changed, other than by becoming friends or ceasing to be. Only for
    /// `user`: the other one may be shown nothing of it.
    Standing {
        /// Who is shown it.
        user: UserId,
        /// Of whom.
        other: UserId,
    },
    /// A user has another name from now on.
    Name {
        /// The user.
        user: UserId,
    },
}

impl CircleEdit {
    /// The one or two users whose circles it changes, or of whom it is.
    pub fn users(&self) -> impl Iterator<Item = &UserId> {
        let (one, other) = match self {
            Self::Pair { low, high, .. } => (low, Some(high)),
            Self::Radius { user, .. } | Self::Standing { user, .. } | Self::Name { user } => {
                (user, None)
            }
        };
        std::iter::once(one).chain(other)
    }
}

/// A change of circles, and where it stands among all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CircleChange {
    /// Its position in the feed. Positions have no gaps, and follow the order of commits.
    pub position: FeedPosition,
    /// What it makes of which circle.
    pub what: CircleEdit,
}

impl CircleChange {
    /// These edits as the last ones before `head`.
    pub(crate) fn up_to(head: FeedPosition, edits: Vec<CircleEdit>) -> Vec<Self> {
        let first = head.0 + 1 - edits.len() as u64;
        let numbered = edits.into_iter().zip(first..);
        numbered.map(|(what, position)| Self { position: FeedPosition(position), what }).collect()
    }
}

/// A part of the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// The state that whoever applies these changes has then: where to go on.
    pub as_of: ReadToken,
    /// The changes, in order and without gaps.
    pub changes: Vec<CircleChange>,
    /// Whether there were more when this was read.
    pub more: bool,
}

/// Why a feed can't be followed from where somebody stands. Circles are to be read anew; each says as of which state it
/// is, and from there the feed can be followed again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FeedGap {
    /// The position is of another timeline, or one that this timeline hasn't come to: a replica was promoted, a backup
    /// restored.
    #[error("the position is of another timeline")]
    OtherTimeline,
    /// Changes behind the position were forgotten, since they are old.
    #[error("changes behind the position were forgotten")]
    Forgotten,
}

impl Changes {
    /// The part of the feed behind `after`, up to `limit` changes, out of what was found there in one snapshot together
    /// with the `state`: everything, or the first `limit` + 1 changes and perhaps more.
    pub(crate) fn behind(
        after: ReadToken,
        state: ReadToken,
        mut found: Vec<CircleChange>,
        limit: usize,
    ) -> Result<Self, FeedGap> {
        if !state.includes(after) {
            return Err(FeedGap::OtherTimeline);
        }
        // Positions have no gaps: the one behind `after` is there, or it was forgotten, or it is yet to come.
        let next = FeedPosition(after.position.0 + 1);
        if state.position >= next && found.first().is_none_or(|first| first.position != next) {
            return Err(FeedGap::Forgotten);
        }
        let more = found.len() > limit;
        found.truncate(limit);
        let last = if more {
            found.last().map_or(after.position, |last| last.position)
        } else {
            state.position
        };
        Ok(Self { as_of: ReadToken { position: last, ..state }, changes: found, more })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh(timeline: u64, position: u64) -> ReadToken {
        ReadToken { timeline, position: FeedPosition(position) }
    }

    fn edits(count: usize) -> Vec<CircleEdit> {
        let user = UserId::parse("alice").expect("an id");
        vec![CircleEdit::Radius { user, radius_m: None }; count]
    }

    fn found(head: u64, count: usize) -> Vec<CircleChange> {
        CircleChange::up_to(FeedPosition(head), edits(count))
    }

    #[test]
    fn edits_of_a_transaction_end_at_its_head() {
        let positions: Vec<_> = found(7, 3).iter().map(|change| change.position.0).collect();
        assert_eq!(positions, [5, 6, 7]);
        assert!(found(0, 0).is_empty());
    }

    #[test]
    fn all_that_is_there_leads_to_the_state() {
        let all = Changes::behind(fresh(1, 4), fresh(1, 6), found(6, 2), 2).expect("no gap");
        assert_eq!((all.as_of, all.changes.len(), all.more), (fresh(1, 6), 2, false));
        let none = Changes::behind(fresh(1, 6), fresh(1, 6), vec![], 2).expect("no gap");
        assert_eq!((none.as_of, none.changes.len(), none.more), (fresh(1, 6), 0, false));
    }

    #[test]
    fn a_part_leads_to_its_last_change() {
        let part = Changes::behind(fresh(1, 3), fresh(1, 9), found(6, 3), 2).expect("no gap");
        assert_eq!((part.as_of, part.changes.len(), part.more), (fresh(1, 5), 2, true));
        let nothing = Changes::behind(fresh(1, 3), fresh(1, 9), found(4, 1), 0).expect("no gap");
        assert_eq!((nothing.as_of, nothing.changes.len(), nothing.more), (fresh(1, 3), 0, true));
    }

    #[test]
    fn what_is_missing_is_told_from_what_is_of_another_history() {
        let behind = |after, found| Changes::behind(after, fresh(1, 6), found, 9).err();
        assert_eq!(behind(fresh(2, 5), found(6, 1)), Some(FeedGap::OtherTimeline));
        assert_eq!(behind(fresh(1, 7), vec![]), Some(FeedGap::OtherTimeline));
        assert_eq!(behind(fresh(1, u64::MAX - 1), vec![]), Some(FeedGap::OtherTimeline));
        assert_eq!(behind(fresh(1, 2), found(6, 3)), Some(FeedGap::Forgotten));
        assert_eq!(behind(fresh(1, 5), vec![]), Some(FeedGap::Forgotten));
    }
}
