use std::path::PathBuf;

use ::shard_map::{Shard, ShardName, WEIGHT_MAX};
use clap::{Args, Subcommand};
use model::UserId;

#[derive(Args)]
#[command(after_help = SHARD_MAP_HELP)]
pub(crate) struct ShardMapArgs {
    #[command(subcommand)]
    pub(crate) command: ShardMapCommand,
}

const SHARD_MAP_HELP: &str = "\
Every user belongs to one of 16,384 slots, by a hash that never changes; the shard map gives each slot to a \
shard, which is a Redis server of [redis]. Without a file the slots are dealt by weight. To keep users where \
they are when servers come or go, write the changed map to a file, and name that file in redis.shard_map_file.";

#[derive(Subcommand)]
pub(crate) enum ShardMapCommand {
    /// Which shard holds which slots, and where users live
    Show(ShowArgs),
    /// What a change of the shards would move; nothing is changed
    Plan(PlanArgs),
}

/// Where a map comes from.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub(crate) struct MapSource {
    /// The settings of the gateways: the map that they use
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// A file with a map, as `plan --write` makes it
    #[arg(long, value_name = "FILE")]
    pub(crate) map: Option<PathBuf>,
}

#[derive(Args)]
#[command(after_help = SHOW_HELP)]
pub(crate) struct ShowArgs {
    #[command(flatten)]
    pub(crate) source: MapSource,
    /// Also where this user lives; may be given several times
    #[arg(long = "user", value_name = "ID")]
    pub(crate) users: Vec<UserId>,
    /// For programs
    #[arg(long)]
    pub(crate) json: bool,
}

const SHOW_HELP: &str = "\
Examples:
  whereabouts shard-map show --config gateway.toml
  whereabouts shard-map show --map shards.toml --user alice --user bob";

#[derive(Args)]
#[command(after_help = PLAN_HELP)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) source: MapSource,
    #[command(flatten)]
    pub(crate) changes: Changes,
    /// Write the map after the change to this new file
    #[arg(long, value_name = "FILE")]
    pub(crate) write: Option<PathBuf>,
    /// For programs
    #[arg(long)]
    pub(crate) json: bool,
}

/// What is to become of the shards.
#[derive(Args)]
#[group(required = true, multiple = true)]
pub(crate) struct Changes {
    /// A new shard, with weight 1 unless told otherwise; may be given several times
    #[arg(long, value_name = "NAME[:WEIGHT]", value_parser = added)]
    pub(crate) add: Vec<Shard>,
    /// A shard to take away; may be given several times
    #[arg(long, value_name = "NAME")]
    pub(crate) remove: Vec<ShardName>,
    /// A shard's new weight; 0 empties it. May be given several times
    #[arg(long, value_name = "NAME=WEIGHT", value_parser = reweighed)]
    pub(crate) weight: Vec<Shard>,
}

const PLAN_HELP: &str = "\
As few slots move as balance allows. Only the plan is made: gateways read their map when they start, and all \
must have the same. So a changed map is put in force by stopping all gateways, naming the new file in \
redis.shard_map_file (and new servers in redis.shards) everywhere, and starting them again.

Examples:
  whereabouts shard-map plan --config gateway.toml --add redis-4
  whereabouts shard-map plan --map shards.toml --add redis-4:2 --write shards-2.toml
  whereabouts shard-map plan --map shards.toml --remove redis-1 --weight redis-2=0";

fn added(text: &str) -> Result<Shard, String> {
    let (name, weight) = text.split_once(':').unwrap_or((text, "1"));
    shard(name, weight)
}

fn reweighed(text: &str) -> Result<Shard, String> {
    let (name, weight) =
        text.split_once('=').ok_or_else(|| "use NAME=WEIGHT, as in redis-2=3".to_owned())?;
    shard(name, weight)
}

fn shard(text: &str, weight: &str) -> Result<Shard, String> {
    match weight.parse() {
        Ok(weight) if weight <= WEIGHT_MAX => {
            let name = ShardName::parse(text).map_err(|fault| fault.to_string())?;
            Ok(Shard { name, weight })
        }
        _ => Err(format!("the weight must be a number from 0 to {WEIGHT_MAX}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_read_with_their_weights() {
        let read = |shard: Shard| (shard.name.to_string(), shard.weight);
        assert_eq!(added("redis-4").map(read), Ok(("redis-4".to_owned(), 1)));
        assert_eq!(added("redis-4:30").map(read), Ok(("redis-4".to_owned(), 30)));
        assert_eq!(reweighed("redis-4=0").map(read), Ok(("redis-4".to_owned(), 0)));
        for wrong in ["", "a b", "a:", "a:1001", "a:-1", "a:x"] {
            assert!(added(wrong).is_err(), "{wrong}");
        }
        assert!(reweighed("redis-4").is_err());
    }
}
