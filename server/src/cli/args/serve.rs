use std::net::SocketAddr;

use clap::Args;

use super::Sources;
use crate::config::{NodeRole, address};

#[derive(Args)]
#[command(after_help = SERVE_HELP)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) sources: Sources,
    /// Run only these roles in this process, several by comma; gateways need Redis and PostgreSQL, businesses PostgreSQL
    /// [default: all of them]
    #[arg(long = "role", value_name = "ROLE", value_enum, value_delimiter = ',')]
    pub(crate) roles: Vec<NodeRole>,
    /// Where to listen [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = address::parse)]
    pub(crate) listen: Option<SocketAddr>,
    /// Development mode: a page at /, and tokens for anybody who asks (loopback only)
    #[arg(long)]
    pub(crate) dev: bool,
}

const SERVE_HELP: &str = "\
Examples:
  whereabouts serve --dev
      all in this process, with a page
  whereabouts serve --config gateway.toml
      as the file says
  whereabouts serve --role gateway --config gateway.toml
      one of several gateways
  whereabouts serve --role businesses --config gateway.toml
      one of several that search for businesses

Several gateways share Redis and PostgreSQL: ops/gateway.toml is an example. What wouldn't work with a file, \
`whereabouts check-config` says beforehand.";
