//! A whole deployment: several gateways, several Redis servers, a PostgreSQL, and what happens when they break.

mod world;

mod between;
mod clocks;
mod crashes;
mod crowd;
mod cut_off;
mod devices;
mod faults;
mod losses;
mod operators;
mod people;
mod pings;
mod slow;
