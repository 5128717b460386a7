//! What friends see of each other over WebSockets, one node in this process or as the real program.

mod live {
    mod boards;
    mod crowds;
    mod devices;
    mod framing;
    mod friends;
    mod friendships_live;
    mod handshake;
    mod limits;
    mod lists;
    mod payloads;
    mod people;
    mod presence;
    mod sessions;
}
