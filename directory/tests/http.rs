//! The directory's REST endpoints, behind the shared middleware, as the server serves them.

mod http {
    pub(crate) mod sandbox;

    mod bad_inputs;
    mod blocks;
    mod description;
    mod friends;
    mod requests;
    mod users;
}
