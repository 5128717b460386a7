use std::fmt;

use model::ErrorKind;

/// Why a command changes nothing, though the directory works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody is their own friend.
    Yourself,
    /// Lift your block first.
    YouBlockedThem,
    /// One of them blocks the other; only a service hears this.
    Blocked,
    /// There is nothing to accept.
    NoSuchRequest,
    /// The user doesn't exist.
    NoSuchUser,
    /// One of the two has as many friends as allowed.
    TooManyFriends,
    /// Too many own requests are pending.
    TooManyRequests,
    /// Blocks as many as allowed.
    TooManyBlocks,
    /// Metres out of the allowed range.
    Radius {
        /// The smallest.
        min_m: u32,
        /// The largest.
        max_m: u32,
    },
}

impl Refusal {
    /// Its kind, and the word for programs.
    pub(crate) fn describe(self) -> (ErrorKind, &'static str) {
        match self {
            Self::Yourself => (ErrorKind::Invalid, "yourself"),
            Self::YouBlockedThem => (ErrorKind::Conflict, "you_blocked_them"),
            Self::Blocked => (ErrorKind::Conflict, "blocked"),
            Self::NoSuchRequest => (ErrorKind::NotFound, "no_such_request"),
            Self::NoSuchUser => (ErrorKind::NotFound, "no_such_user"),
            Self::TooManyFriends => (ErrorKind::Conflict, "too_many_friends"),
            Self::TooManyRequests => (ErrorKind::Conflict, "too_many_requests"),
            Self::TooManyBlocks => (ErrorKind::Conflict, "too_many_blocks"),
            Self::Radius { .. } => (ErrorKind::Invalid, "invalid_radius"),
        }
    }

    /// The word for programs.
    pub fn code(self) -> &'static str {
        self.describe().1
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Yourself => "you can't do this to yourself",
            Self::YouBlockedThem => "you block this user; lift the block first",
            Self::Blocked => "one of the two blocks the other",
            Self::NoSuchRequest => "there is no such friend request",
            Self::NoSuchUser => "there is no such user",
            Self::TooManyFriends => "one of the two has as many friends as allowed",
            Self::TooManyRequests => "as many of your friend requests are pending as allowed",
            Self::TooManyBlocks => "you block as many users as allowed",
            Self::Radius { min_m, max_m } => {
                return write!(f, "radius_m must be from {min_m} to {max_m}");
            }
        })
    }
}
