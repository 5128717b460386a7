use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;

use ::shard_map::{SLOTS, Shard, ShardMap, ShardName};
use serde::Serialize;

use super::super::Done;
use super::view::{MapView, MoveView, percent};
use crate::cli::args::{Changes, PlanArgs};
use crate::cli::say;

#[derive(Serialize)]
struct Plan {
    /// The epoch of the map before.
    from_epoch: u64,
    moved_slots: usize,
    moved_percent: f64,
    moves: Vec<MoveView>,
    /// The map after.
    map: MapView,
}

pub(super) fn plan(args: &PlanArgs) -> Done {
    let before = super::read(&args.source)?;
    let after = before.change(changed(&before, &args.changes)?).map_err(|e| e.to_string())?;
    let moves = before.moves_to(&after);
    let moved_slots = moves.iter().map(::shard_map::Move::count).sum();
    let plan = Plan {
        from_epoch: before.epoch(),
        moved_slots,
        moved_percent: percent(moved_slots),
        moves: moves.iter().map(MoveView::new).collect(),
        map: MapView::new(&after),
    };
    if let Some(path) = &args.write {
        write(path, &after)?;
    }
    if args.json {
        say!("{}", serde_json::to_string(&plan).map_err(|e| e.to_string())?);
    } else {
        print(&plan, &after, args.write.as_deref());
    }
    Ok(ExitCode::SUCCESS)
}

fn print(plan: &Plan, after: &ShardMap, written: Option<&Path>) {
    let Plan { from_epoch, moved_slots, moved_percent, .. } = plan;
    say!(
        "Epoch {from_epoch} to {}: {moved_slots} of {SLOTS} slots move, with {moved_percent:.2} % of the users.",
        after.epoch()
    );
    if !plan.moves.is_empty() {
        say!("{}", MoveView::table(&plan.moves).trim_fmt());
    }
    say!("\nThe map after:\n{}", plan.map.table().trim_fmt());
    match written {
        Some(path) => say!(
            "\nWritten to {}. It is in force where redis.shard_map_file names it, from the next start on: see --help.",
            path.display()
        ),
        None => say!("\nNothing was changed; --write FILE keeps the map after."),
    }
}

/// The shards after the changes.
fn changed(map: &ShardMap, changes: &Changes) -> Result<Vec<Shard>, String> {
    let mut shards = map.shards().to_vec();
    for Shard { name, weight } in &changes.weight {
        let at = find(&shards, name)?;
        shards[at].weight = *weight;
    }
    for name in &changes.remove {
        let at = find(&shards, name)?;
        shards.remove(at);
    }
    for shard in &changes.add {
        let name = &shard.name;
        if map.shards().iter().any(|known| known.name == *name) {
            return Err(format!(
                "--add: there is a shard {name} already; --weight {name}=N changes it"
            ));
        }
        shards.push(shard.clone());
    }
    Ok(shards)
}

fn find(shards: &[Shard], name: &ShardName) -> Result<usize, String> {
    shards.iter().position(|shard| shard.name == *name).ok_or_else(|| {
        let known: Vec<_> = shards.iter().map(|shard| shard.name.as_str()).collect();
        format!("there is no shard {name}, only {}", known.join(", "))
    })
}

/// Never over another file: gateways may be reading it.
fn write(path: &Path, map: &ShardMap) -> Result<(), String> {
    let shown = path.display();
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = file.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            format!("--write: {shown} exists, and gateways may be using it; choose a new name")
        }
        _ => format!("--write: can't write {shown}: {error}"),
    })?;
    let written = file.write_all(map.to_toml().as_bytes()).and_then(|()| file.sync_all());
    written.map_err(|error| format!("--write: can't write {shown}: {error}"))
}
