//! What was answered survives, and is read in its order.

mod appending;
mod crashes;
mod damage;
mod faults;
mod golden;
mod marks;
mod world;
