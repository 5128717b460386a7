//! Every case of every list of conformance against every backend, printed as a grid. A case that fails, or that a backend
//! of the grid wasn't asked, fails the test.

#[path = "conformance/businesses.rs"]
mod businesses;
#[path = "conformance/directories.rs"]
mod directories;
#[path = "conformance/grid.rs"]
mod grid;
#[path = "conformance/histories.rs"]
mod histories;
#[path = "conformance/history_logs.rs"]
mod history_logs;
#[path = "conformance/leaderboards.rs"]
mod leaderboards;
#[path = "conformance/lives.rs"]
mod lives;

use std::pin::Pin;
use std::process::ExitCode;

use grid::Grid;

/// A list of cases by what it is about, and what runs it.
type Named = (&'static str, Pin<Box<dyn Future<Output = Grid>>>);

/// Runs all lists, or with an argument those whose names have it.
fn main() -> ExitCode {
    let wanted = std::env::args().skip(1).find(|it| !it.starts_with('-')).unwrap_or_default();
    let lists: [Named; 7] = [
        ("the bus and the position store", Box::pin(lives::grid())),
        ("the directory", Box::pin(directories::grid())),
        ("businesses", Box::pin(businesses::grid())),
        ("leaderboards", Box::pin(leaderboards::grid())),
        ("logs of movement history", Box::pin(history_logs::grid())),
        ("stores of movement history", Box::pin(histories::stores())),
        ("registers of movement history", Box::pin(histories::registers())),
    ];
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    let mut is_whole = true;
    for (name, list) in lists.into_iter().filter(|(name, _)| name.contains(&wanted)) {
        let grid = runtime.block_on(list);
        println!("\n{name}\n{grid}");
        is_whole &= grid.is_whole();
    }
    if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
