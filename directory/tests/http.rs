//! The REST doors of the directory, through the shared door, as the server serves them.

mod http {
    pub(crate) mod sandbox;

    mod bad_inputs;
    mod blocks;
    mod description;
    mod friends;
    mod requests;
    mod users;
}
