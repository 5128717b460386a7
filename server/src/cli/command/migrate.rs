use std::process::ExitCode;

use super::Done;
use crate::cli::args::MigrateArgs;
use crate::cli::say;
use crate::config::Config;
use crate::{logs, parts};

pub(crate) async fn migrate(args: &MigrateArgs) -> Done {
    let config = Config::load(&args.config)?;
    logs::start(&config.log.clone().of_command())?;
    for part in parts::ALL {
        if let Some(done) = part.migrate(&config).await? {
            say!("{done}");
        }
    }
    Ok(ExitCode::SUCCESS)
}
