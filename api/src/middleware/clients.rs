//! Who connects, before it is known who it is: only an address, of which the next is free to make up for whoever has many.

mod connections;
mod forwarded;
mod network;
mod places;
mod trusted;

pub use connections::{Connections, Peer};
pub use network::ClientNetwork;
pub use places::Places;
pub use trusted::{ClientHeader, ProxyError, TrustedProxies};
