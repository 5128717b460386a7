//! What work costs, in units of about a microsecond of CPU each, of this process and its database together.

/// Deciding an event, and writing it down.
pub(crate) const EVENT: u64 = 10;
/// Each of its changes.
pub(crate) const CHANGE: u64 = 5;
/// Looking for somebody on all boards.
pub(crate) const ERASING: u64 = 1_000;
/// Asking the directory for a user's friends.
pub(crate) const CIRCLE: u64 = 100;
/// Finding where a player stands.
pub(crate) const PLAYER: u64 = 2;
/// A player on a page, with their name.
pub(crate) const STANDING: u64 = 5;
