//! `whereabouts` as tests run it that let it die at a named point: see `model::crash`. A program of its own, so that what is
//! released never has such points.

use std::process::ExitCode;

fn main() -> ExitCode {
    server::cli::run()
}
