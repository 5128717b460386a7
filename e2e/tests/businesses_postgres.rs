//! Businesses in a real `PostgreSQL`: what only servers can do to it.

mod businesses_postgres {
    pub(crate) mod world;

    mod index;
    mod replicas;
    mod schema;
}
