//! What logs are tested with: a disk that fails when it is told to, and a process that dies at a named point.

mod appender;
mod faulty_disk;

pub use appender::{Appender, SIGABRT, appending, kept, wait_for_turn};
pub use faulty_disk::{FaultyDisk, Plan};
