use std::process::ExitCode;

use super::{Done, config};
use crate::cli::args::DumpConfigArgs;
use crate::cli::say;

pub(crate) fn dump_config(args: &DumpConfigArgs) -> Done {
    let config = config(&args.sources)?;
    // Passwords are left out by the parts whose they are.
    let text = toml::to_string(&config).map_err(|e| format!("the settings have no TOML: {e}"))?;
    say!("{}", text.trim_end());
    Ok(ExitCode::SUCCESS)
}
