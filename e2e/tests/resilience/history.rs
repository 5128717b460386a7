//! What was acknowledged as being on a disk is in the track, however processes end.

mod gateways;
mod kept;
mod kills;
mod paused;
mod servers;
mod walker;
