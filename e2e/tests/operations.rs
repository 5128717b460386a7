//! What operators type, and what they are told.

mod operations {
    mod base_path;
    mod between;
    mod config_commands;
    mod drain;
    mod full_disk;
    mod help;
    mod history;
    mod issuers;
    mod mounts;
    mod operators;
    mod proxy_protocol;
    mod real_tracks;
    mod tls;
    mod tracks;
}
