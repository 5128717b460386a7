//! What was answered survives.

mod damage;
mod faults;
mod faulty_disk;
mod world;
