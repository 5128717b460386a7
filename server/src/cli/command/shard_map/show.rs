use std::process::ExitCode;

use serde::Serialize;

use super::super::Done;
use super::view::{MapView, UserView};
use crate::cli::args::ShowArgs;
use crate::cli::say;

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    map: MapView,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    users: Vec<UserView>,
}

pub(super) fn show(args: &ShowArgs) -> Done {
    let map = super::read(&args.source)?;
    let users = args.users.iter().map(|user| UserView::new(&map, user)).collect();
    let shown = Shown { map: MapView::new(&map), users };
    if args.json {
        say!("{}", serde_json::to_string(&shown).map_err(|e| e.to_string())?);
        return Ok(ExitCode::SUCCESS);
    }
    say!("Epoch {}\n{}", map.epoch(), shown.map.table().trim_fmt());
    if !shown.users.is_empty() {
        say!("\n{}", UserView::table(&shown.users).trim_fmt());
    }
    Ok(ExitCode::SUCCESS)
}
