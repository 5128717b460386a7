//! Which shard holds which user, and what moves when that changes: pure.
//!
//! ```text
//! UserId ─▶ Slot: frozen hash ─▶ one of 16,384 slots ─▶ ShardMap ─▶ shard
//!
//! shards with weights ─▶ deal ─▶ map, epoch 1 ─▶ change ─▶ map, epoch 2 ─▶ …
//!                                  │   ▲            moves_to: what lies between two maps
//!                                  ▼   │
//!                            to_toml · parse: a file
//! ```
//!
//! A shard is whatever holds the live state of its users as one: a Redis server, or a group of which one is in charge. The map knows it by name and weight only; where it is and how to reach it is for whoever uses the map.
//!
//! A map is a value and never changes. A change makes another one of the next epoch, so that a system which moves from
//! one to the other under load can hold both, ask both who owns a user, and learn from [`ShardMap::moves_to`] which
//! slots to treat specially meanwhile. Which map is in force, who has heard of it and in which phase a change is, is not
//! decided here.
//!
//! # Invariants
//! * A user's slot never changes; neither do the maps that are dealt for given shards, nor their digests. Golden files
//!   hold all three.
//! * Every slot has exactly one shard. A shard of weight 0 holds none.
//! * In a map that was dealt or changed here, a shard holds its exact share of the slots by weight, rounded down or up.
//!   (A share of less than one slot may be rounded to none. A map from a file is as it was written.)
//! * Of all maps with that balance, a change makes one to which the fewest slots move.
//! * The order in which shards are listed makes no difference: a map holds them by name.
//!
//! # Limits
//! [`SLOTS`], [`SHARDS_MAX`], [`WEIGHT_MAX`], [`NAME_BYTES_MAX`], [`EPOCH_MAX`].

mod balance;
mod digest;
mod error;
mod file;
mod map;
mod moves;
mod ranges;
mod shard;
mod slot;

pub use digest::Digest;
pub use error::MapError;
pub use map::{EPOCH_MAX, ShardMap};
pub use moves::Move;
pub use shard::{NAME_BYTES_MAX, SHARDS_MAX, Shard, ShardName, WEIGHT_MAX};
pub use slot::{SLOTS, Slot};
