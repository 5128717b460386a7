//! Businesses in a real `PostgreSQL`: the list that every store passes, and what only servers can do to it.

mod businesses_postgres {
    pub(crate) mod world;

    mod index;
    mod list;
    mod replicas;
    mod schema;
}
