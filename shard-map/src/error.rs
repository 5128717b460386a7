use std::ops::RangeInclusive;

use thiserror::Error;

use crate::map::EPOCH_MAX;
use crate::ranges::Text;
use crate::shard::{NAME_BYTES_MAX, SHARDS_MAX, ShardName, WEIGHT_MAX};
use crate::slot::SLOTS;

/// Why there can be no such map. The message says where, and what would do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MapError {
    /// A list of no shards.
    #[error("the map has no shard: give it at least one")]
    NoShard,
    /// More than [`SHARDS_MAX`]: so many.
    #[error("the map has {0} shards: at most {SHARDS_MAX} are possible")]
    TooManyShards(usize),
    /// A text that is no name of a shard.
    #[error(
        "{0:?} is no name of a shard: take 1 to {NAME_BYTES_MAX} characters of A-Z a-z 0-9 . _ -"
    )]
    Name(String),
    /// Two shards of one name.
    #[error("shard {0} is listed more than once: name each shard differently")]
    DuplicateName(ShardName),
    /// A weight out of its range.
    #[error("shard {shard} has weight {weight}: it must be from 0 to {WEIGHT_MAX}")]
    Weight {
        /// Whose.
        shard: ShardName,
        /// As it was given.
        weight: i64,
    },
    /// No shard has any weight.
    #[error(
        "every shard has weight 0, so that nobody could hold the slots: give at least one a weight"
    )]
    NoWeight,
    /// An epoch out of its range, or none left after this one.
    #[error("the epoch of a map must be from 1 to {EPOCH_MAX}")]
    Epoch,
    /// A text that names no slots.
    #[error("shard {shard}: {text:?} names no slots: write numbers from 0 to {last}, the lower one first, as in \"0-5460,8000\"", last = SLOTS - 1)]
    Range {
        /// Whose slots.
        shard: ShardName,
        /// The part of them that can't be read.
        text: String,
    },
    /// A slot that one shard lists more than once.
    #[error("shard {shard} lists slot {slot} twice: take it out of one of its ranges")]
    ListedTwice {
        /// The first such slot.
        slot: u16,
        /// Whose list.
        shard: ShardName,
    },
    /// A slot that is given to two shards.
    #[error("slot {slot} is given to both {first} and {second}: leave it to one of them")]
    OwnedTwice {
        /// The first such slot.
        slot: u16,
        /// Who has it already.
        first: ShardName,
        /// Who is given it again.
        second: ShardName,
    },
    /// Slots that are given to nobody.
    #[error("no shard holds slots {} (missing in all: {count}): add them to the slots of a shard", Text(std::slice::from_ref(.range)))]
    OwnedByNobody {
        /// The first of them that stand together.
        range: RangeInclusive<u16>,
        /// How many there are in all.
        count: usize,
    },
    /// A shard of weight 0 that holds slots.
    #[error(
        "shard {0} has weight 0 and yet holds slots: give it a weight, or its slots to another shard"
    )]
    Weightless(ShardName),
    /// A file that is no TOML, or has other keys than a map: what the reader says, with line and column.
    #[error("{0}")]
    Syntax(String),
}
