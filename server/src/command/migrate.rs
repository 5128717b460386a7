use std::process::ExitCode;

use super::Done;
use crate::args::MigrateArgs;
use crate::config::Config;
use crate::logs;

pub(crate) async fn migrate(args: &MigrateArgs) -> Done {
    let config = Config::load(&args.config).map_err(|e| e.to_string())?;
    logs::start(&config.log.clone().of_command())?;
    println!("{}", config.backends.migrate(&config).await?);
    Ok(ExitCode::SUCCESS)
}
