use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use model::{ErrorChain, Faults};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use scylla::client::PoolSize;
use scylla::client::execution_profile::ExecutionProfile;
use scylla::client::session::Session;
use scylla::client::session_builder::SessionBuilder;
use scylla::policies::load_balancing::DefaultPolicy;
use scylla::policies::retry::DefaultRetryPolicy;
use scylla::statement;
use sql::StoreError;
use tokio::time::timeout;

use super::config::{Config, Consistency};
use super::error;

/// How long a connection may be idle before it is asked for a sign of life, and how long that may take.
const KEEPALIVE: Duration = Duration::from_secs(5);

/// Connects, before anything starts: what is wrong is said as it is.
pub(super) async fn connect(config: &Config) -> Result<Session, StoreError> {
    config.validate().map_err(StoreError::unusable)?;
    let mut builder = SessionBuilder::new()
        .known_nodes(&config.nodes)
        .default_execution_profile_handle(profile(config).into_handle())
        .pool_size(PoolSize::PerHost(per_node(config)))
        .connection_timeout(config.connect_timeout())
        .keepalive_interval(KEEPALIVE)
        .keepalive_timeout(KEEPALIVE)
        // Of this one it has to know where copies are.
        .keyspaces_to_fetch([&config.keyspace]);
    if let (Some(user), Some(file)) = (&config.user, &config.password_file) {
        let password = read(file)?;
        let password = String::from_utf8_lossy(&password);
        builder = builder.user(user, password.trim_end_matches(['\r', '\n']));
    }
    if let Some(file) = &config.tls_ca_file {
        builder = builder.tls_context(Some(tls(file)?));
    }
    let longest = config.connect_timeout() + config.statement_timeout();
    match timeout(longest, Box::pin(builder.build())).await {
        Ok(built) => built.map_err(|error| error::not_connected(config, error)),
        Err(_) => Err(error::late(config, longest)),
    }
}

impl Config {
    /// Says which files can't be used that are named here; nothing is reached.
    pub fn check_files(&self) -> Result<(), Faults> {
        let mut faults = Faults::default();
        if let Some(file) = &self.password_file {
            let checked = read(file).map(drop);
            faults.check(checked.map_err(|e| format!("password_file: {}", ErrorChain(&e))));
        }
        if let Some(file) = &self.tls_ca_file {
            let checked = tls(file).map(drop);
            faults.check(checked.map_err(|e| format!("tls_ca_file: {}", ErrorChain(&e))));
        }
        faults.result()
    }
}

fn profile(config: &Config) -> ExecutionProfile {
    let mut nodes = DefaultPolicy::builder().token_aware(true);
    if !config.datacenter.is_empty() {
        nodes = nodes.prefer_datacenter(config.datacenter.clone());
    }
    ExecutionProfile::builder()
        .consistency(match config.consistency {
            Consistency::LocalQuorum => statement::Consistency::LocalQuorum,
            Consistency::Quorum => statement::Consistency::Quorum,
        })
        .request_timeout(Some(config.statement_timeout()))
        .load_balancing_policy(nodes.build())
        // At another node, each once at most; whoever calls repeats the rest, later and later.
        .retry_policy(Arc::new(DefaultRetryPolicy::new()))
        .build()
}

fn per_node(config: &Config) -> NonZeroUsize {
    NonZeroUsize::new(config.connections_per_node as usize).unwrap_or(NonZeroUsize::MIN)
}

fn read(path: &Path) -> Result<Vec<u8>, StoreError> {
    std::fs::read(path).map_err(|error| unreadable(path).caused_by(error))
}

fn unreadable(path: &Path) -> StoreError {
    StoreError::unusable(format!("{} can't be read", path.display()))
}

fn tls(ca_file: &Path) -> Result<Arc<ClientConfig>, StoreError> {
    let mut roots = RootCertStore::empty();
    let certificates =
        CertificateDer::pem_slice_iter(&read(ca_file)?).collect::<Result<Vec<_>, _>>();
    for certificate in certificates.map_err(|error| unreadable(ca_file).caused_by(error))? {
        roots.add(certificate).map_err(|error| unreadable(ca_file).caused_by(error))?;
    }
    if roots.is_empty() {
        return Err(StoreError::unusable(format!("{} has no certificate", ca_file.display())));
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder = builder.with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| unreadable(ca_file).caused_by(error))?;
    Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}
