use std::fmt;
use std::sync::Arc;

use model::{BoardId, Timestamp, UserId};

use crate::core::limits::KEY_CHARS_MAX;

/// What names an event of a producer, so that it counts once however often it comes: 1 to [`KEY_CHARS_MAX`] printable ASCII
/// characters. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventKey(Arc<str>);

/// Why a text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must have 1 to {KEY_CHARS_MAX} printable ASCII characters")]
pub struct EventKeyError;

impl EventKey {
    /// Checks the text.
    pub fn parse(text: &str) -> Result<Self, EventKeyError> {
        let is_printable = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if text.is_empty() || text.len() > KEY_CHARS_MAX || !is_printable {
            return Err(EventKeyError);
        }
        Ok(Self(Arc::from(text)))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for EventKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a trusted service says of scores. All of it happens or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScoreEvent {
    /// The service; keys are its own.
    pub producer: UserId,
    /// What the event is known by if it comes again.
    pub key: EventKey,
    /// When it happened, if that is said.
    pub happened: Option<Timestamp>,
    /// One to [`CHANGES_MAX`](crate::limits::CHANGES_MAX), which happen in their order.
    pub changes: Vec<ScoreChange>,
}

/// A change of one player's score on one board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScoreChange {
    /// The board.
    pub board: BoardId,
    /// The player.
    pub user: UserId,
    /// What is posted.
    pub amount: Amount,
}

/// What is posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// To be added, on a board that sums.
    Delta(i64),
    /// A score, on a board that keeps the best or the latest.
    Score(i64),
}
