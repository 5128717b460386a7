//! What was answered survives.

mod crashes;
mod damage;
mod erasing;
mod faults;
mod faulty_disk;
mod golden;
mod keys;
mod snapshots;
mod world;
