//! Businesses in a real `PostgreSQL`: what only servers can do to it.

pub(crate) mod readers;
pub(crate) mod world;

mod away;
mod index;
mod promotion;
mod replicas;
mod schema;
mod served;
