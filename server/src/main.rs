//! `whereabouts`: see the crate's documentation.

use std::process::ExitCode;

fn main() -> ExitCode {
    server::cli::run()
}
