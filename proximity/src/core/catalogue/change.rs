use std::fmt;

use model::{FeedPosition, ReadToken, Timestamp};

use crate::core::catalogue::business::Business;
use crate::core::catalogue::id::BusinessId;
use crate::core::refusal::Refusal;

/// A change of a business.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Its place in the feed.
    pub position: FeedPosition,
    /// Which business.
    pub id: BusinessId,
    /// Its version by this change.
    pub version: u64,
    /// When.
    pub at: Timestamp,
    /// The business by now; `None` if it was removed.
    pub business: Option<Business>,
}

/// Where somebody stands who follows the feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedCursor {
    /// All changes up to here were read.
    pub at: ReadToken,
    /// While the feed is read from its beginning, its head when that began: what was removed until then was never told.
    /// 0 once that is through.
    pub began: FeedPosition,
}

/// A page of the feed.
#[derive(Debug, Clone, PartialEq)]
pub struct Changes {
    /// In the order of positions.
    pub changes: Vec<Change>,
    /// Where to go on, in the timeline that this is of.
    pub next: FeedCursor,
    /// There was more already when this was read.
    pub more: bool,
}

impl FeedCursor {
    /// Reads what `Display` writes, and a [`ReadToken`].
    pub fn parse(text: &str) -> Option<Self> {
        let (token, began) = text.split_once('-').unwrap_or((text, "0"));
        let at = ReadToken::parse(token)?;
        // Digits as in a token, of the same timeline.
        let began = ReadToken::parse(&format!("0.{began}"))?.position;
        Some(Self { at, began })
    }
}

impl From<ReadToken> for FeedCursor {
    fn from(at: ReadToken) -> Self {
        Self { at, began: FeedPosition(0) }
    }
}

impl fmt::Display for FeedCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.at.fmt(f)?;
        if self.began.0 == 0 { Ok(()) } else { write!(f, "-{:x}", self.began.0) }
    }
}

impl Changes {
    /// The page behind `after`, out of up to one more than `limit` changes that were found there in one `state`, of which
    /// removals up to `horizon` are forgotten.
    pub(crate) fn page(
        after: Option<FeedCursor>,
        limit: usize,
        state: ReadToken,
        horizon: FeedPosition,
        mut changes: Vec<Change>,
    ) -> Result<Self, Refusal> {
        let mut began = state.position;
        if let Some(after) = after {
            if !state.includes(after.at) {
                return Err(Refusal::OtherTimeline);
            }
            if horizon > after.at.position.max(after.began) {
                return Err(Refusal::BehindHorizon);
            }
            began = after.began;
        }
        let more = changes.len() > limit;
        changes.truncate(limit);
        let next = match changes.last().filter(|_| more) {
            Some(Change { position, .. }) if *position < began => {
                FeedCursor { at: ReadToken { position: *position, ..state }, began }
            }
            Some(Change { position, .. }) => ReadToken { position: *position, ..state }.into(),
            None => state.into(),
        };
        Ok(Self { changes, next, more })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(position: u64) -> ReadToken {
        ReadToken { timeline: 7, position: FeedPosition(position) }
    }

    fn removal(position: u64) -> Change {
        let id = BusinessId::from_integer(position as i64).expect("not negative");
        let position = FeedPosition(position);
        Change { position, id, version: 2, at: Timestamp(0), business: None }
    }

    #[test]
    fn the_text_of_a_cursor_comes_back_and_a_token_is_one() {
        for began in [0, 9, u64::MAX] {
            let cursor = FeedCursor { at: token(5), began: FeedPosition(began) };
            assert_eq!(FeedCursor::parse(&cursor.to_string()), Some(cursor));
        }
        assert_eq!(FeedCursor::parse(&token(5).to_string()), Some(token(5).into()));
        for nonsense in ["", "-", "7.5-", "7.5-x", "7.5--1", "7.5-1-1", "7-5"] {
            assert_eq!(FeedCursor::parse(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn whoever_reads_from_the_beginning_needs_no_removal_from_before_they_began() {
        let horizon = FeedPosition(6);
        let first = Changes::page(None, 1, token(9), horizon, vec![removal(7), removal(8)]);
        let next = first.expect("a page").next;
        assert_eq!(next, FeedCursor { at: token(7), began: FeedPosition(9) });
        let from = |cursor, horizon| {
            Changes::page(Some(cursor), 1, token(20), FeedPosition(horizon), Vec::new())
        };
        assert_eq!(from(token(5).into(), 6), Err(Refusal::BehindHorizon));
        assert_eq!(from(token(6).into(), 6).map(|page| page.next), Ok(token(20).into()));
        assert_eq!(from(next, 9).map(|page| page.more), Ok(false));
        assert_eq!(from(next, 10), Err(Refusal::BehindHorizon));
    }
}
