//! Files that commands export into.

pub(crate) mod points;
