//! A whole deployment on this machine: several gateways as processes of their own, before several Redis servers, each
//! behind a proxy that can fail, and a PostgreSQL. Everything can be broken, and everything goes with the test.

mod gateways;
mod history;
mod operators;

use std::net::SocketAddr;
use std::sync::Arc;

use api::Signer;
use directory::postgres;
use futures_util::future::join_all;
use model::{Clock, Role, SystemClock, UserId};
use serde_json::{Value, json};
use server::files;
use tempfile::TempDir;
use ws_gateway::live::redis;

use crate::person::Person;
use crate::rest::{self, Answer};
use crate::servers::{Cassandra, Postgres, Proxy, Redis};
use gateways::Gateway;

/// The name and the secret of the key that all gateways believe.
const KID: &str = "cluster";
const SECRET: &[u8] = b"the key of all gateways of a test";

/// How long tokens of a test hold, seconds.
const TOKEN_TTL_S: u32 = 3_600;

/// Several gateways over several Redis servers and one `PostgreSQL`. Gateways and Redis servers are counted from 0.
pub struct Cluster {
    gateways: Vec<Gateway>,
    shards: Vec<Shard>,
    postgres: Postgres,
    redis: redis::Config,
    signer: Arc<Signer>,
    _secret: TempDir,
}

struct Shard {
    server: Redis,
    proxy: Proxy,
}

impl Cluster {
    /// With the settings that a deployment has by default. All gateways are ready.
    pub async fn start(gateways: usize, shards: usize) -> Self {
        Self::start_with(gateways, shards, "").await
    }

    /// With these settings of `[gateway]`, `[redis]` and so on, in TOML; `roles` may stand before them, else they are gateways.
    /// All are ready.
    pub async fn start_with(gateways: usize, shards: usize, settings: &str) -> Self {
        Self::set_up(gateways, shards, settings, false, None).await
    }

    /// The same, and the gateways keep movement history together, in a keyspace of its own on this node.
    pub async fn start_with_history(gateways: usize, node: &Cassandra, settings: &str) -> Self {
        Self::set_up(gateways, 1, settings, false, Some(node)).await
    }

    /// The same, and each gateway has lines of its own to all servers: see [`Self::redis_line`].
    pub async fn start_on_lines(gateways: usize, shards: usize, settings: &str) -> Self {
        Self::set_up(gateways, shards, settings, true, None).await
    }

    async fn set_up(
        gateways: usize,
        shards: usize,
        settings: &str,
        own_lines: bool,
        history: Option<&Cassandra>,
    ) -> Self {
        // Thousands of people, each with a socket, may be in this process.
        files::raise_limit();
        let postgres = Postgres::start().await;
        let directory =
            postgres::Config { url: postgres.database().await.into(), ..Default::default() };
        postgres::migrate(&directory).await.expect("an empty database becomes a directory");
        let mut servers = Vec::new();
        for _ in 0..shards {
            let server = Redis::start().await;
            let proxy = Proxy::before(server.port()).await;
            servers.push(Shard { server, proxy });
        }
        let redis = redis_config(&servers);
        let secret = tempfile::tempdir().expect("a temporary folder");
        let file = secret.path().join("secret");
        std::fs::write(&file, SECRET).expect("a folder that can be written to");
        let file = file.to_str().expect("a readable path");
        let signer = Signer::hs256(KID, SECRET, "whereabouts", "whereabouts").expect("a key");
        let history = match history {
            Some(node) => history::settings(node, &postgres, secret.path()).await,
            None => String::new(),
        };
        let settings = format!("{settings}\n{}{history}", all_settings(file));
        let made = (0..gateways).map(|_| Gateway::new(&settings, &directory, &redis, own_lines));
        let gateways = join_all(made).await;
        let signer = Arc::new(signer);
        let mut cluster =
            Self { gateways, shards: servers, postgres, redis, signer, _secret: secret };
        join_all(cluster.gateways.iter_mut().map(Gateway::start)).await;
        cluster.until_ready().await;
        cluster
    }

    /// Where a gateway listens.
    pub fn address(&self, gateway: usize) -> SocketAddr {
        self.gateways[gateway].address
    }

    /// Where all gateways listen, as `http://host:port`.
    pub fn urls(&self) -> Vec<String> {
        self.gateways.iter().map(|gateway| format!("http://{}", gateway.address)).collect()
    }

    /// What each gateway that is there has written to standard error.
    pub fn logs(&self) -> String {
        let there = (0..).zip(&self.gateways).filter_map(|(n, g)| Some((n, g.process.as_ref()?)));
        let logs = there.map(|(n, process)| format!("gateway {n}:\n{}", process.log()));
        logs.collect::<Vec<_>>().join("\n")
    }

    /// A Redis server. Gateways reach it through its proxy, tests directly.
    pub fn redis(&mut self, shard: usize) -> &mut Redis {
        &mut self.shards[shard].server
    }

    /// What gateways reach a Redis server through.
    pub fn proxy(&self, shard: usize) -> &Proxy {
        &self.shards[shard].proxy
    }

    /// The database server.
    pub fn postgres(&mut self) -> &mut Postgres {
        &mut self.postgres
    }

    /// On which Redis server each of them lives.
    pub fn shards_of(&self, users: &[UserId]) -> Vec<usize> {
        let map = self.redis.shard_map().expect("the settings work");
        let index = |user| {
            let name = map.owner(user).name.as_str();
            self.redis.shards.iter().position(|server| server.name == name)
        };
        users.iter().map(|user| index(user).expect("a server of the settings")).collect()
    }

    /// The first user called `prefix`1, `prefix`2, … who lives on this Redis server.
    pub fn user_on(&self, shard: usize, prefix: &str) -> String {
        let names = (1..10_000).map(|n| UserId::parse(&format!("{prefix}{n}")).expect("an id"));
        let names: Vec<_> = names.collect();
        let homes = self.shards_of(&names);
        let at = homes.iter().position(|home| *home == shard).expect("every server has users");
        names[at].to_string()
    }

    /// A token that holds for an hour, on every gateway.
    pub fn token(&self, user: &str, role: Role) -> String {
        sign(&self.signer, &UserId::parse(user).expect("a valid id"), role)
    }

    /// The same for simulated people.
    pub fn tokens(&self) -> Arc<dyn simulation::Tokens> {
        Arc::new(Tokens(self.signer.clone()))
    }

    /// A request to a gateway with a token of this user.
    pub async fn as_user(
        &self,
        gateway: usize,
        user: &str,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Answer {
        let token = self.token(user, Role::User);
        rest::request(self.address(gateway), method, path, Some(&token), body).await
    }

    /// A request to a gateway with a service's token.
    pub async fn as_service(
        &self,
        gateway: usize,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Answer {
        let token = self.token("backend", Role::Service);
        rest::request(self.address(gateway), method, path, Some(&token), body).await
    }

    /// Makes both exist and friends, through the first gateway.
    pub async fn befriend(&self, a: &str, b: &str) {
        for user in [a, b] {
            let name = json!({ "display_name": user });
            let answer = self.as_service(0, "PUT", &format!("/v1/users/{user}"), Some(name)).await;
            assert!(answer.status < 300, "{answer:?}");
        }
        let answer = self.as_service(0, "PUT", &format!("/v1/users/{a}/friends/{b}"), None).await;
        assert!(answer.status < 300, "{answer:?}");
    }

    /// Connects somebody to a gateway; nothing has been heard yet.
    pub async fn open(&self, gateway: usize, user: &str) -> Person {
        Person::connect(self.address(gateway), &self.token(user, Role::User)).await
    }

    /// Connects somebody to a gateway; their welcome and snapshot have come.
    pub async fn connect(&self, gateway: usize, user: &str) -> Person {
        let mut person = self.open(gateway, user).await;
        person.await_snapshot().await;
        person
    }
}

struct Tokens(Arc<Signer>);

impl simulation::Tokens for Tokens {
    fn user(&self, user: &UserId) -> String {
        sign(&self.0, user, Role::User)
    }

    fn service(&self) -> String {
        sign(&self.0, &UserId::parse("backend").expect("a valid id"), Role::Service)
    }
}

fn sign(signer: &Signer, user: &UserId, role: Role) -> String {
    signer.sign(user, role, SystemClock::start().now().wall, TOKEN_TTL_S)
}

fn redis_config(shards: &[Shard]) -> redis::Config {
    let server = |(number, shard): (usize, &Shard)| redis::Server {
        name: format!("redis-{number}"),
        weight: 1,
        url: shard.server.url_through(shard.proxy.port()),
        password_file: None,
        tls_ca_file: None,
    };
    redis::Config { shards: (0..).zip(shards).map(server).collect(), ..redis::Config::default() }
}

/// What every gateway has to be told, but for where servers are.
fn all_settings(secret_file: &str) -> String {
    format!(
        "[log]\nfilter = \"warn,ws_gateway=info\"\n[[auth.keys]]\nkid = {KID:?}\nalg = \"HS256\"\n\
         secret_file = {secret_file:?}\n[backends]\nlive = \"redis\"\ndirectory = \"postgres\"\n"
    )
}
