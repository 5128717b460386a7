//! Movement history's REST endpoints, behind the shared middleware, as the server serves them.

mod http {
    pub(crate) mod sandbox;

    mod bad_inputs;
    mod description;
    mod erasing;
    mod exporting;
    mod formats;
    mod pages;
    mod peers;
    mod posting;
    mod settings;
    mod simplifying;
    mod streaming;
    mod subjects;
    mod summaries;
    mod users;
}
