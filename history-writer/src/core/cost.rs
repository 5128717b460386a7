//! What work costs, in units of about a microsecond of CPU each, of this process and its database together.

/// Finding a user's chunks, and asking the register about them.
pub(crate) const PAGE: u64 = 100;
/// Points that are read, for each unit.
const READ_A_UNIT: u64 = 4;
/// Points that are written as text, for each unit.
const WRITTEN_A_UNIT: u64 = 3;
/// A point that is posted: read, put into the log, and into a chunk later.
pub(crate) const TAKEN: u64 = 5;
/// Noting what is erased, and erasing it.
pub(crate) const ERASING: u64 = 1_000;

/// Reading so many points and writing some of them; looking at each several times if the rest is to be left out.
pub(crate) fn page(read: usize, written: usize, is_simplified: bool) -> u64 {
    let simplified = if is_simplified { read as u64 } else { 0 };
    PAGE + read as u64 / READ_A_UNIT + written as u64 / WRITTEN_A_UNIT + simplified
}
