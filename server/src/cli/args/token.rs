use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use model::Role;

use super::Sources;
use super::values::duration;

#[derive(Args)]
pub(crate) struct TokenArgs {
    #[command(flatten)]
    pub(crate) signing: Signing,
    /// Whose token
    #[arg(long, value_name = "ID")]
    pub(crate) user: String,
    /// What the token may do: service tokens act for any user
    #[arg(long, default_value = Role::User.as_str(), value_parser = role())]
    pub(crate) role: Role,
    /// How long it holds, such as 10m, 24h or 30d
    #[arg(long = "for", value_name = "TIME", default_value = "24h", value_parser = duration)]
    pub(crate) duration: Duration,
}

/// With which key tokens are signed: by default the node's own, out of its data folder.
#[derive(Args, Clone)]
pub(crate) struct Signing {
    #[command(flatten)]
    pub(crate) sources: Sources,
    /// Sign with this HS256 secret (the file's bytes, of a text without its final newline) instead of the node's own key
    #[arg(long, value_name = "FILE", requires = "kid", conflicts_with = "private_key_file")]
    pub(crate) secret_file: Option<PathBuf>,
    /// Sign with this Ed25519 private key (PEM) instead of the node's own key
    #[arg(long, value_name = "FILE", requires = "kid")]
    pub(crate) private_key_file: Option<PathBuf>,
    /// The name of that key
    #[arg(long, value_name = "KID")]
    pub(crate) kid: Option<String>,
}

fn role() -> impl TypedValueParser<Value = Role> {
    PossibleValuesParser::new(Role::ALL.iter().map(|role| role.as_str()))
        .map(|word| Role::parse(&word).expect("one of these"))
}
