use clap::Args;

use super::Sources;

#[derive(Args)]
#[command(after_help = CHECK_HELP)]
pub(crate) struct CheckConfigArgs {
    #[command(flatten)]
    pub(crate) sources: Sources,
    /// Only look at the file, and reach no server
    #[arg(long)]
    pub(crate) offline: bool,
}

const CHECK_HELP: &str = "\
Looks at everything that `serve` would refuse, and says what to do about it: unknown settings, values that \
can't work, files that can't be used, a data folder of a newer version; then reaches every server and checks passwords and the schema. \
Nothing is started. The exit code is 1 if anything is wrong, so that a deployment can ask before it restarts a \
gateway.

Examples:
  whereabouts check-config --config gateway.toml
  whereabouts check-config --config gateway.toml --offline
      in CI, where no server can be reached";

#[derive(Args)]
#[command(after_help = DUMP_HELP)]
pub(crate) struct DumpConfigArgs {
    #[command(flatten)]
    pub(crate) sources: Sources,
}

const DUMP_HELP: &str = "\
Prints what is in force: the defaults with what the file changes, as TOML. Passwords in URLs show as ***, so \
that the output may be shown around.

Examples:
  whereabouts dump-config
      the defaults
  whereabouts dump-config --config gateway.toml
      with what differs";

#[derive(Args)]
#[command(after_help = MIGRATE_HELP)]
pub(crate) struct MigrateArgs {
    #[command(flatten)]
    pub(crate) sources: Sources,
}

const MIGRATE_HELP: &str = "\
Makes the tables in PostgreSQL, or brings them up to date, in one transaction. Run it before gateways of a new \
version are started: they refuse an older schema. It may be run again at any time, and by several at once.

Example:
  whereabouts migrate --config gateway.toml";
