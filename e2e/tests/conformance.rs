//! Every case of both lists of conformance against every backend, printed as a grid. A case that fails, or that a backend
//! of the grid wasn't asked, fails the test.

#[path = "conformance/directories.rs"]
mod directories;
#[path = "conformance/grid.rs"]
mod grid;
#[path = "conformance/lives.rs"]
mod lives;

use std::process::ExitCode;

use grid::Grid;

fn main() -> ExitCode {
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    let (live, directory) =
        runtime.block_on(async { (lives::grid().await, directories::grid().await) });
    print!("\nthe bus and the position store\n{live}\nthe directory\n{directory}\n");
    let whole = |grid: &Grid| grid.is_whole();
    if whole(&live) && whole(&directory) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
