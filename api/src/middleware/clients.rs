//! Who connects, before it is known who it is: only an address, of which the next is free to make up for whoever has many.

mod connections;
mod network;
mod places;

pub use connections::{Connections, Peer};
pub use network::ClientNetwork;
pub use places::Places;
