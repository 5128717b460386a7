//! Where users live, and what a change would move.

mod plan;
mod show;
mod view;

use ::shard_map::ShardMap;

use super::{Done, config};
use crate::cli::args::{MapSource, ShardMapArgs, ShardMapCommand, Sources};

pub(crate) fn shard_map(args: &ShardMapArgs) -> Done {
    match &args.command {
        ShardMapCommand::Show(args) => show::show(args),
        ShardMapCommand::Plan(args) => plan::plan(args),
    }
}

fn read(source: &MapSource) -> Result<ShardMap, String> {
    if let Some(path) = &source.config {
        let config = config(&Sources { config: Some(path.clone()), data: None })?;
        let map = config.redis.shard_map();
        return map.map_err(|why| format!("{}: [redis] {why}", path.display()));
    }
    let path = source.map.as_deref().ok_or("give --config FILE or --map FILE")?;
    let shown = path.display();
    let text = std::fs::read_to_string(path).map_err(|e| format!("can't read {shown}: {e}"))?;
    ShardMap::parse(&text).map_err(|fault| format!("{shown}: {fault}"))
}
