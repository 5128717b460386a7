mod faults;

use std::error::Error;
use std::fmt;

pub use faults::{Faults, SettingFault};

/// What kind of failure an error is; each crate's error tells its own, and one table at each edge turns the kind into a
/// status or a close code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The request can't be right, whatever the state; the same again fails again.
    Invalid,
    /// Nobody, or nobody we know, asks.
    Unauthenticated,
    /// We know who asks, and they may not.
    Forbidden,
    /// The thing named does not exist, or not for this caller.
    NotFound,
    /// The state of the thing does not allow it.
    Conflict,
    /// More than a limit allows in one piece.
    TooLarge,
    /// More often than a limit allows; later it may work.
    RateLimited,
    /// A part that is needed can't be reached or is full; nothing was changed, later it may work.
    Unavailable,
    /// A fault of ours.
    Internal,
}

/// An error with the causes behind it (`source`), for a log: `what failed: because of this: because of that`.
///
/// For this an error's own text must not repeat its source's.
#[derive(Debug, Clone, Copy)]
pub struct ErrorChain<'a>(pub &'a (dyn Error + 'static));

impl fmt::Display for ErrorChain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut next = Some(self.0);
        while let Some(error) = next {
            write!(f, "{error}")?;
            next = error.source();
            if next.is_some() {
                f.write_str(": ")?;
            }
        }
        Ok(())
    }
}
