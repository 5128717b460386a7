//! Where a sighting finds who watches it, without a copy and without a queue: [`hub`] marks the mailboxes of watchers, whose
//! tasks take from there when they can write. [`registry`] knows who is connected, [`wheel`] when anything is due.

pub(crate) mod admission;
pub(crate) mod hub;
pub(crate) mod mailbox;
pub(crate) mod registry;
pub(crate) mod wheel;
