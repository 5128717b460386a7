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

use std::process::ExitCode;

fn main() -> ExitCode {
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    let grids = runtime.block_on(async {
        [
            ("the bus and the position store", lives::grid().await),
            ("the directory", directories::grid().await),
            ("businesses", businesses::grid().await),
            ("leaderboards", leaderboards::grid().await),
            ("logs of movement history", history_logs::grid().await),
            ("stores of movement history", histories::stores().await),
            ("registers of movement history", histories::registers().await),
        ]
    });
    for (name, grid) in &grids {
        println!("\n{name}\n{grid}");
    }
    let whole = grids.iter().all(|(_, grid)| grid.is_whole());
    if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
