//! Simulated people: what each of them knows, says and hears.

pub(crate) mod address;
pub(crate) mod cast;
pub(crate) mod client;
pub(crate) mod crowd;
pub(crate) mod hear;
pub(crate) mod person;
pub(crate) mod pings;
pub(crate) mod rest;
pub(crate) mod wire;
