use model::{FeedPosition, Timestamp, UserId};

use crate::core::catalogue::details::Details;
use crate::core::catalogue::id::BusinessId;
use crate::core::catalogue::text::line;
use crate::core::limits::{KEY_CHARS_MAX, SOURCE_CHARS_MAX};

line! {
    /// A name of a source of imported places, or of a place in it. Cheap to clone.
    SourceName, SOURCE_CHARS_MAX
}
line! {
    /// What names a request of a caller, so that it can be repeated. Cheap to clone.
    IdempotencyKey, KEY_CHARS_MAX
}

/// Everything on record about a business.
#[derive(Debug, Clone, PartialEq)]
pub struct Business {
    /// Which.
    pub id: BusinessId,
    /// Who may change it, besides operators; nobody until an operator assigns it.
    pub owner: Option<UserId>,
    /// Where it was imported from.
    pub source: Option<Source>,
    /// What is said of it.
    pub details: Details,
    /// 1 at first, one more with every change.
    pub version: u64,
    /// When it was changed last.
    pub updated: Timestamp,
    /// The change that put it where it is: its creation or last move. Walks over pages pass over whatever was put
    /// somewhere after they began.
    pub placed: FeedPosition,
}

/// Which place of which source: what makes importing again a change and not a second business.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Source {
    /// Which source.
    pub name: SourceName,
    /// Which place in it.
    pub id: SourceName,
}
