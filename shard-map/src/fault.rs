use std::fmt;
use std::ops::RangeInclusive;

use crate::map::EPOCH_MAX;
use crate::ranges;
use crate::shard::{NAME_BYTES_MAX, SHARDS_MAX, ShardName, WEIGHT_MAX};
use crate::slot::SLOTS;

/// Why there can be no such map. The message says where, and what would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// A list of no shards.
    NoShard,
    /// More than [`SHARDS_MAX`]: so many.
    TooManyShards(usize),
    /// A text that is no name of a shard.
    Name(String),
    /// Two shards of one name.
    DuplicateName(ShardName),
    /// A weight out of its range.
    Weight {
        /// Whose.
        shard: ShardName,
        /// As it was given.
        weight: i64,
    },
    /// No shard has any weight.
    NoWeight,
    /// An epoch out of its range, or none left after this one.
    Epoch,
    /// A text that names no slots.
    Range {
        /// Whose slots.
        shard: ShardName,
        /// The part of them that can't be read.
        text: String,
    },
    /// A slot that is given away more than once.
    OwnedTwice {
        /// The first such slot.
        slot: u16,
        /// Who has it already.
        first: ShardName,
        /// Who is given it again; may be the same.
        second: ShardName,
    },
    /// Slots that are given to nobody.
    OwnedByNobody {
        /// The first of them that stand together.
        range: RangeInclusive<u16>,
        /// How many there are in all.
        count: usize,
    },
    /// A shard of weight 0 that holds slots.
    Weightless(ShardName),
    /// A file that is no TOML, or has other keys than a map: what the reader says, with line and column.
    Syntax(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoShard => f.write_str("the map has no shard: give it at least one"),
            Self::TooManyShards(count) => {
                write!(f, "the map has {count} shards: at most {SHARDS_MAX} are possible")
            }
            Self::Name(text) => write!(
                f,
                "{text:?} is no name of a shard: take 1 to {NAME_BYTES_MAX} characters of A-Z a-z 0-9 . _ -"
            ),
            Self::DuplicateName(name) => {
                write!(f, "shard {name} is listed more than once: name each shard differently")
            }
            Self::Weight { shard, weight } => {
                write!(f, "shard {shard} has weight {weight}: it must be from 0 to {WEIGHT_MAX}")
            }
            Self::NoWeight => f.write_str(
                "every shard has weight 0, so that nobody could hold the slots: give at least one a weight",
            ),
            Self::Epoch => write!(f, "the epoch of a map must be from 1 to {EPOCH_MAX}"),
            Self::Range { shard, text } => write!(
                f,
                "shard {shard}: {text:?} names no slots: write numbers from 0 to {}, the lower one first, as in \
                 \"0-5460,8000\"",
                SLOTS - 1
            ),
            Self::OwnedTwice { slot, first, second } if first == second => {
                write!(f, "shard {first} lists slot {slot} twice: take it out of one of its ranges")
            }
            Self::OwnedTwice { slot, first, second } => {
                write!(f, "slot {slot} is given to both {first} and {second}: leave it to one of them")
            }
            Self::OwnedByNobody { range, count } => {
                f.write_str("no shard holds slots ")?;
                ranges::write_one(f, range)?;
                write!(f, " (missing in all: {count}): add them to the slots of a shard")
            }
            Self::Weightless(name) => write!(
                f,
                "shard {name} has weight 0 and yet holds slots: give it a weight, or its slots to another shard"
            ),
            Self::Syntax(said) => f.write_str(said),
        }
    }
}

impl std::error::Error for Fault {}
