//! From a socket to a session and back: [`handshake`] upgrades a request, [`socket`] reads and writes, [`driver`] gives the
//! pure session what it needs of the gateway, and carries out what it wants.

pub(crate) mod driver;
pub(crate) mod frame_header;
pub(crate) mod frames;
pub(crate) mod handshake;
pub(crate) mod socket;
