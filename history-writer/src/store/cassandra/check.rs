use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use model::Clock;
use scylla::client::session::Session;
use scylla::cluster::metadata::Strategy;
use sql::StoreError;

use super::config::Config;
use super::error::{because, damaged};
use super::{schema, session};

/// How far the clocks of a node and of this machine may differ, milliseconds: rows are written as of our time, and expire by
/// the node's.
const CLOCKS_MS_MAX: i64 = 5_000;

/// Reaches the database and looks at what can be wrong with it, before anything starts; answers in words how it is. Errs as
/// [`CassandraStore::connect`](super::CassandraStore::connect) does, and if clocks differ too much, if the datacenter has to be
/// named, or has no copies.
pub async fn check(
    config: &Config,
    retention: Option<Duration>,
    clock: &dyn Clock,
) -> Result<String, StoreError> {
    let session = session::connect(config).await?;
    let copies = copies(&session, config)?;
    schema::require(&session, config, retention).await?;
    let release = look_at_clock(&session, config, clock).await?;
    let mut said = format!("answers (release {release}), with the schema that is needed");
    let _ = match retention {
        None => write!(said, "; chunks are kept for ever"),
        Some(time) => write!(said, "; chunks are kept for {} s", time.as_secs()),
    };
    let _ = match copies {
        1 => write!(said, ", in one copy: with its node they are lost"),
        copies => write!(said, ", in {copies} copies in the datacenter"),
    };
    Ok(said)
}

/// How many copies there are in the datacenter that is asked.
fn copies(session: &Session, config: &Config) -> Result<usize, StoreError> {
    let state = session.get_cluster_state();
    let nodes = state.get_nodes_info();
    let there: BTreeSet<_> = nodes.iter().filter_map(|node| node.datacenter.as_deref()).collect();
    let datacenter = match (config.datacenter.as_str(), there.len()) {
        ("", 0 | 1) => there.first().copied().unwrap_or_default(),
        ("", _) => {
            let why = format!("there are datacenters {there:?}; say in datacenter which is ours");
            return Err(because(config, &why));
        }
        (named, _) if there.contains(named) => named,
        (named, _) => {
            let why = format!("there is no datacenter {named}, only {there:?}");
            return Err(because(config, &why));
        }
    };
    // Without a keyspace the schema is missing too, which is said next.
    let Some(keyspace) = state.get_keyspace(&config.keyspace) else { return Ok(0) };
    let copies = match &keyspace.strategy {
        Strategy::SimpleStrategy { replication_factor } => *replication_factor,
        Strategy::NetworkTopologyStrategy { datacenter_repfactors } => {
            datacenter_repfactors.get(datacenter).copied().unwrap_or(0)
        }
        _ => 1,
    };
    if copies == 0 {
        let name = &config.keyspace;
        let why = format!("keyspace {name} has no copies in datacenter {datacenter}");
        return Err(because(config, &why));
    }
    Ok(copies)
}

/// Errs if the clock of the node that answers isn't ours; answers with its release.
async fn look_at_clock(
    session: &Session,
    config: &Config,
    clock: &dyn Clock,
) -> Result<String, StoreError> {
    let cql = "SELECT release_version, toUnixTimestamp(now()) FROM system.local";
    let before = clock.now().wall;
    let answer = schema::run(session, config, cql, ()).await?;
    let after = clock.now().wall;
    let answer = answer.into_rows_result().map_err(damaged)?;
    let (release, theirs) = answer.first_row::<(String, i64)>().map_err(damaged)?;
    let ahead_ms = (theirs - after.0).max(before.0 - theirs);
    if ahead_ms > CLOCKS_MS_MAX {
        let why =
            format!("its clock and ours differ by {ahead_ms} ms; see that both are set by NTP");
        return Err(because(config, &why));
    }
    Ok(release)
}
