use std::path::Path;
use std::sync::Arc;

use api::Signer;
use model::UserId;
use serde::Deserialize;
use simulation::Held;
use tokio::net::TcpStream;

use super::scores::Season;
use crate::cli::args::DemoArgs;
use crate::config::{Auth, Config, Log};
use crate::http::dev::Dev;
use crate::{Keys, Node, keys, logs};

/// The TTL of the recorded day; as much shorter as the day is faster.
const TTL_MS: f64 = 600_000.0;

/// Fixes that one person may send in the fast day.
const FIXES_PER_S: u32 = 200;

/// Viewers of a demo needn't be let go gently.
const DRAIN_WINDOW_MS: u64 = 1_000;

/// What `./cluster up` leaves in its folder for us.
const CLUSTER_FILE: &str = "cluster.toml";

/// The service that the people use.
pub(super) struct Host {
    /// Where it listens; people are spread over all of these.
    pub(super) addresses: Vec<String>,
    pub(super) signer: Signer,
    /// How the viewer of the demo takes part.
    pub(super) invitation: Vec<String>,
    pub(super) held: Option<Held>,
    /// Ours, to be let go in the end.
    pub(super) node: Option<Node>,
}

impl Host {
    /// A service of the demo's own, in this process, with its data in `temporary` unless the arguments say where.
    pub(super) async fn own(
        args: &DemoArgs,
        temporary: &Path,
        people: Vec<UserId>,
    ) -> Result<Self, String> {
        let config = configuration(args, temporary);
        logs::start(&config.log)?;
        let dev = Dev::default();
        dev.offer(people, [Season::board()]);
        let node = Node::start_with(config.clone(), Some(dev.clone())).await?;
        let address = format!("http://{}", node.address());
        let data = config.data.dir.display();
        Ok(Self {
            signer: Keys::signer(&config.auth, &config.data.dir)?,
            invitation: vec![
                format!("Connect yourself: {address}/"),
                format!("whereabouts token --user you --data {data}"),
            ],
            addresses: vec![address],
            held: Some(Arc::new(move |user| dev.holds(user))),
            node: Some(node),
        })
    }

    /// The gateways of `./cluster`, which keeps what we need to know in this folder.
    pub(super) async fn cluster(dir: &Path) -> Result<Self, String> {
        logs::start(&Log::default().of_command())?;
        let cluster = Cluster::read(dir)?;
        for address in &cluster.gateways {
            let reached = TcpStream::connect(address.trim_start_matches("http://")).await;
            reached.map_err(|error| {
                let dir = dir.display();
                format!("the cluster in {dir} isn't running ({address}: {error}). Start it with ./cluster up.")
            })?;
        }
        let Cluster { gateways: addresses, kid, secret_file } = cluster;
        let secret = keys::read_secret(secret_file.as_ref())?;
        let Auth { issuer, audience, .. } = Auth::default();
        let signer = Signer::hs256(&kid, &secret, issuer, audience)
            .map_err(|e| format!("the key {secret_file} can't sign: {e}"))?;
        let invitation = vec![
            format!("Connect yourself: {}", addresses.join(" or ")),
            format!("whereabouts token --user you --kid {kid} --secret-file {secret_file}"),
        ];
        Ok(Self { addresses, signer, invitation, held: None, node: None })
    }
}

/// What is told of a running cluster.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cluster {
    gateways: Vec<String>,
    kid: String,
    secret_file: String,
}

impl Cluster {
    fn read(dir: &Path) -> Result<Self, String> {
        let file = dir.join(CLUSTER_FILE);
        let text = std::fs::read_to_string(&file).map_err(|error| {
            let dir = dir.display();
            format!("there is no cluster in {dir} ({CLUSTER_FILE}: {error}). Start one with ./cluster up.")
        })?;
        toml::from_str(&text).map_err(|e| format!("{}: {e}", file.display()))
    }
}

fn configuration(args: &DemoArgs, temporary: &Path) -> Config {
    let mut config = Config::default();
    config.http.listen = args.listen;
    config.data.dir = args.data.clone().unwrap_or_else(|| temporary.join("data"));
    config.dev = args.listen.ip().is_loopback();
    config.gateway.ttl_ms = ((TTL_MS / args.speed) as u64).max(1_000);
    config.gateway.drain_window_ms = DRAIN_WINDOW_MS;
    // A phone's fix a second is as many a second as the day is faster.
    config.gateway.fixes_per_s = FIXES_PER_S;
    config.gateway.messages_per_s = FIXES_PER_S;
    config.log = Log::default().of_command();
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_cluster_it_is_said_how_to_start_one() {
        let dir = tempfile::tempdir().expect("a folder");
        let missing = Cluster::read(dir.path()).map(|_| ()).expect_err("nothing there");
        assert!(missing.contains("./cluster up") && missing.contains("cluster.toml"), "{missing}");
    }

    #[tokio::test]
    async fn a_cluster_that_was_stopped_is_said_to_be() {
        let dir = tempfile::tempdir().expect("a folder");
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = free.local_addr().expect("an address");
        drop(free);
        let text =
            format!("gateways = [\"http://{address}\"]\nkid = \"k\"\nsecret_file = \"/s\"\n");
        std::fs::write(dir.path().join(CLUSTER_FILE), text).expect("written");
        let stopped = Host::cluster(dir.path()).await.map(|_| ()).expect_err("nobody listens");
        assert!(stopped.contains("isn't running") && stopped.contains("./cluster up"), "{stopped}");
    }
}
