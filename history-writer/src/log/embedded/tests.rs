//! What was answered survives, and is read in its order.

mod appending;
mod at_once;
mod crashes;
mod damage;
mod faults;
mod golden;
mod marks;
mod world;
