//! The directory in a real `PostgreSQL`: the list that every store passes, and what only a server can do to it.

mod directory_postgres {
    pub(crate) mod world;

    mod batches;
    mod faults;
    mod hearing;
    mod list;
    mod load;
    mod schema;
    mod server;
}
