//! How a connection becomes a WebSocket, or doesn't, and how its user is known, or isn't.
//!
//! Heads over 128 KiB and over 100 headers never reach the routes: the HTTP library answers them with a bare 431.

mod refusals;

mod identity;
mod upgrade;
