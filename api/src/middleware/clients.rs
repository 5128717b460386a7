//! Who connects, before it is known who it is: only an address, of which the next is free to make up for whoever has many.

mod connections;
mod ending;
mod forwarded;
mod network;
mod places;
mod proxy_header;
mod stream;
mod trusted;

pub use connections::{Connections, Peer};
pub use ending::End;
pub use network::ClientNetwork;
pub use places::Places;
pub use proxy_header::{PROXY_HEADER_BYTES_MAX, ProxyHeader, ProxyHeaderError, ProxyRead};
pub use stream::{Duplex, Stream};
pub use trusted::{ClientHeader, ProxyError, TrustedProxies};
