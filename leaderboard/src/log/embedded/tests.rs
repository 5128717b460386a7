//! What was answered survives.

mod crashes;
mod damage;
mod erasing;
mod faults;
mod golden;
mod keys;
mod snapshots;
mod world;
