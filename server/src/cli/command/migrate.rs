use std::process::ExitCode;

use super::{Done, config};
use crate::cli::args::MigrateArgs;
use crate::cli::say;
use crate::{logs, parts};

pub(crate) async fn migrate(args: &MigrateArgs) -> Done {
    let config = config(&args.sources)?;
    logs::start(&config.log.clone().of_command())?;
    for part in parts::ALL {
        if let Some(done) = part.migrate(&config).await? {
            say!("{done}");
        }
    }
    Ok(ExitCode::SUCCESS)
}
