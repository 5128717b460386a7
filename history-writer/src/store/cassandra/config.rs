use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use model::Faults;
use serde::{Deserialize, Serialize};
use sql::postgres::TIMEOUT_MS;

/// The most nodes that are named; the others are found through them.
const NODES_MAX: usize = 64;
/// The longest name of a keyspace, bytes: the database's own limit.
const KEYSPACE_BYTES_MAX: usize = 48;
/// Copies in a datacenter.
const COPIES: RangeInclusive<u32> = 1..=9;
/// Connections of this process to each node.
const CONNECTIONS_PER_NODE: RangeInclusive<u32> = 1..=64;
/// Statements of this process that are under way.
const IN_FLIGHT: RangeInclusive<u32> = 1..=16_384;

/// Where the database is, and how it is talked to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Some nodes, `host:port`, 1 to 64. The rest are found through them, by the addresses that they tell of themselves.
    pub nodes: Vec<String>,
    /// The datacenter whose nodes are asked; empty: the only one.
    pub datacenter: String,
    /// The keyspace of the tables: 1 to 48 lowercase letters, digits and `_`, a letter first.
    pub keyspace: String,
    /// How many copies there are in each datacenter, 1 to 9, of the keyspace that [`migrate`](super::migrate) makes. Empty: it
    /// makes none.
    pub replication: BTreeMap<String, u32>,
    /// As whom to log in, if the database wants to know.
    pub user: Option<String>,
    /// A file that holds the password of `user`; a line feed at its end doesn't count.
    pub password_file: Option<PathBuf>,
    /// TLS: a file of certificates (PEM) of the authorities to trust. A node's certificate must be for its IP address. `None`:
    /// no TLS.
    pub tls_ca_file: Option<PathBuf>,
    /// How many copies have to answer.
    pub consistency: Consistency,
    /// Connections of this process to each node, 1 to 64.
    pub connections_per_node: u32,
    /// The most statements of this process that are under way, 1 to 16,384; others wait.
    pub in_flight_max: u32,
    /// How long a node may take to let us in, milliseconds, 100 to 60,000.
    pub connect_timeout_ms: u64,
    /// How long a statement may take, with what the driver tries again at other nodes, milliseconds, 100 to 60,000.
    pub statement_timeout_ms: u64,
}

/// How many copies have to answer. With fewer than a quorum a read might not see what was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consistency {
    /// More than half of those in the datacenter.
    #[default]
    LocalQuorum,
    /// More than half of all, in whatever datacenters.
    Quorum,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            nodes: vec!["127.0.0.1:9042".to_owned()],
            datacenter: String::new(),
            keyspace: "whereabouts".to_owned(),
            replication: BTreeMap::new(),
            user: None,
            password_file: None,
            tls_ca_file: None,
            consistency: Consistency::default(),
            connections_per_node: 2,
            in_flight_max: 256,
            connect_timeout_ms: 5_000,
            statement_timeout_ms: 5_000,
        }
    }
}

impl Config {
    /// Says which values can't work, and what would.
    pub fn validate(&self) -> Result<(), Faults> {
        let mut faults = Faults::default();
        faults.unless(
            (1..=NODES_MAX).contains(&self.nodes.len()),
            format!("nodes must name 1 to {NODES_MAX} nodes, such as 10.0.0.1:9042"),
        );
        for node in self.nodes.iter().take(NODES_MAX).filter(|node| !is_address(node)) {
            faults.add(format!("nodes has {node:?}, which must be host:port"));
        }
        faults.unless(
            is_keyspace(&self.keyspace),
            format!(
                "keyspace must be 1 to {KEYSPACE_BYTES_MAX} lowercase letters, digits and _, a letter first"
            ),
        );
        for (datacenter, copies) in &self.replication {
            faults.unless(
                !datacenter.is_empty() && !datacenter.contains(['\'', '\n']),
                format!("replication has {datacenter:?}, which names no datacenter"),
            );
            faults.unless_in(&COPIES, &format!("replication.{datacenter}"), *copies);
        }
        faults.unless(
            self.user.is_some() == self.password_file.is_some(),
            "user and password_file must both be set, or none of them",
        );
        faults.unless_in(&CONNECTIONS_PER_NODE, "connections_per_node", self.connections_per_node);
        faults.unless_in(&IN_FLIGHT, "in_flight_max", self.in_flight_max);
        faults.unless_in(&TIMEOUT_MS, "connect_timeout_ms", self.connect_timeout_ms);
        faults.unless_in(&TIMEOUT_MS, "statement_timeout_ms", self.statement_timeout_ms);
        faults.result()
    }

    pub(super) fn connect_timeout(&self) -> Duration {
        Duration::from_millis(self.connect_timeout_ms)
    }

    pub(super) fn statement_timeout(&self) -> Duration {
        Duration::from_millis(self.statement_timeout_ms)
    }
}

fn is_address(node: &str) -> bool {
    let (host, port) = node.rsplit_once(':').unwrap_or_default();
    !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0)
}

/// What needs no quotes in CQL.
fn is_keyspace(name: &str) -> bool {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    name.len() <= KEYSPACE_BYTES_MAX
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_work_is_said_by_name() {
        let default = Config::default;
        assert_eq!(default().validate(), Ok(()));
        let nodes = |node: &str| Config { nodes: vec![node.to_owned()], ..default() };
        let keyspace = |name: &str| Config { keyspace: name.to_owned(), ..default() };
        let copies = |datacenter: &str, copies| Config {
            replication: BTreeMap::from([(datacenter.to_owned(), copies)]),
            ..default()
        };
        assert_eq!(copies("dc-1", 3).validate(), Ok(()));
        for (config, said) in [
            (Config { nodes: Vec::new(), ..default() }, "nodes must name 1 to 64"),
            (nodes("10.0.0.1"), "nodes has \"10.0.0.1\""),
            (nodes("10.0.0.1:0"), "must be host:port"),
            (keyspace(""), "keyspace must be"),
            (keyspace("a; DROP KEYSPACE b"), "keyspace must be"),
            (keyspace(&"a".repeat(49)), "keyspace must be"),
            (copies("dc'1", 3), "names no datacenter"),
            (copies("dc1", 0), "replication.dc1 must be from 1 to 9"),
            (Config { user: Some("u".to_owned()), ..default() }, "user and password_file"),
            (Config { in_flight_max: 0, ..default() }, "in_flight_max must be from"),
            (Config { statement_timeout_ms: 99, ..default() }, "statement_timeout_ms must be from"),
        ] {
            let why = config.validate().expect_err("can't work").to_string();
            assert!(why.contains(said), "{why}");
        }
    }
}
